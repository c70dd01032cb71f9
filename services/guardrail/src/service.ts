import {
  type CheckStreamRequest,
  ContextKind,
  type GuardrailService,
  type OutputContext as ProtoContext,
  EscalationKind as ProtoEscalation,
} from "@agentmesh/contracts/guardrail/v1/guardrail";
import { Stage as ProtoStage, Verdict as ProtoVerdict } from "@agentmesh/contracts/type/v1/types";
import { scopeOf } from "@agentmesh/rpc";
import { attributes } from "@agentmesh/telemetry";
import type { HandlerContext, ServiceImpl } from "@connectrpc/connect";
import type { EscalationKind, EscalationSignal } from "./domain/escalation.ts";
import type { Finding } from "./domain/finding.ts";
import { type ExplainedResult, type Guard, type GuardedStream, requireTokens } from "./domain/guard.ts";
import { layerOf } from "./domain/layer.ts";
import { LENGTH_LIMIT } from "./domain/length-limit.ts";
import type { OutputContext } from "./domain/output-context.ts";
import type { Policy } from "./domain/policy.ts";
import type { StreamStep } from "./domain/stream-checker.ts";
import { TokenTable } from "./domain/token-table.ts";
import { STAGES, type Stage, type Verdict } from "./domain/verdict.ts";
import { errors } from "./errors.ts";

/** The handlers of GuardrailService. */
export function guardrailService(guard: Guard): ServiceImpl<typeof GuardrailService> {
  return {
    async check({ policy, contents, context: given, tokens: known }, context) {
      const { span, credential } = scopeOf(context);
      const output = contextOf(given, "context");
      const staged = contents.map(({ stage, text }, index) => ({
        stage: stageOf(stage, `contents[${index}].stage`),
        text,
        context: stage === ProtoStage.OUTPUT ? output : undefined,
      }));
      requireTokens(known);
      const tokens = new TokenTable(known);
      const asked = { policyName: policy, tenant: credential?.principal.tenant, span, tokens };
      const outcome = await guard.check(asked, staged);
      const found = outcome.results.reduce((sum, { findings }) => sum + findings.length, 0);
      span?.set({ [attributes.verdict]: outcome.verdict, [attributes.findings]: found });
      return {
        verdict: protoVerdict[outcome.verdict],
        results: outcome.results.map(resultMessage),
        policyVersion: outcome.policyVersion,
        wants: outcome.wants.map((part) => protoContext[part]),
        tokens: [...tokens.added],
      };
    },
    checkStream: (requests, context) => checkStream(guard, requests, context),
    restore: ({ text, tokens }) => ({ text: guard.restore(text, tokens) }),
    assessEscalation: ({ userTexts, answer, failures, guardrailHits }) => {
      const signals = guard.escalation({ userTexts, answer, failures, guardrailHits });
      return { signals: signals.map(signalMessage) };
    },
    listPolicies: (_request, context) => ({
      policies: guard.policies(scopeOf(context).credential?.principal.tenant).map(policyMessage),
    }),
  };
}

async function* checkStream(guard: Guard, requests: AsyncIterable<CheckStreamRequest>, context: HandlerContext) {
  const { span, credential } = scopeOf(context);
  const tenant = credential?.principal.tenant;
  let stream: GuardedStream | undefined;
  for await (const { request } of requests) {
    if (stream === undefined) {
      if (request.case !== "start") throw invalid("start", "must be the first request");
      const { policy: policyName, stage, context: given } = request.value;
      const about = { stage: stageOf(stage, "start.stage"), context: contextOf(given, "start.context") };
      stream = guard.openStream({ policyName, tenant, span }, about);
      continue;
    }
    if (request.case !== "textDelta") throw invalid("text_delta", "must be set in every request but the first");
    const step = stream.push(request.value);
    if (stream.verdict === "block") {
      yield stepMessage(stream, step);
      return;
    }
    if (step.text !== "" || step.findings.length > 0) yield stepMessage(stream, step);
  }
  if (stream === undefined) throw invalid("start", "is missing: the stream carried no request");
  yield stepMessage(stream, stream.end());
}

function stepMessage(stream: GuardedStream, { text, findings }: StreamStep) {
  const { verdict, refusal } = stream;
  const message = { textDelta: text, findings: findings.map(findingMessage), verdict: protoVerdict[verdict] };
  return refusal === undefined ? message : { ...message, refusal };
}

function resultMessage({ verdict, redactedText, findings, refusal }: ExplainedResult) {
  const message = { verdict: protoVerdict[verdict], redactedText, findings: findings.map(findingMessage) };
  return refusal === undefined ? message : { ...message, refusal };
}

function findingMessage({ detector, category, start, end, score, explanation, rule = "", action, shadow }: Finding) {
  return {
    detector,
    category,
    start,
    end,
    score,
    action: protoVerdict[action],
    explanation,
    rule,
    layer: layerOf(category),
    shadow: shadow === undefined ? ProtoVerdict.UNSPECIFIED : protoVerdict[shadow],
  };
}

function signalMessage({ kind, score, evidence, explanation }: EscalationSignal) {
  const message = { kind: protoEscalation[kind], score, explanation };
  if (evidence === undefined) return message;
  return { ...message, evidence: { textIndex: evidence.text, start: evidence.start, end: evidence.end } };
}

const MAX_CONTEXT = 1_048_576;
const MAX_PASSAGES = 256;

function contextOf(given: ProtoContext | undefined, field: string): OutputContext | undefined {
  if (given === undefined) return undefined;
  const { systemPrompt, passages, jsonSchema, question } = given;
  const size = passages.reduce((sum, passage) => sum + passage.length, 0);
  const total = size + systemPrompt.length + jsonSchema.length + question.length;
  if (passages.length > MAX_PASSAGES) throw invalid(`${field}.passages`, `must hold at most ${MAX_PASSAGES} texts`);
  if (total > MAX_CONTEXT) throw invalid(field, `must hold at most ${MAX_CONTEXT} characters`);
  return { systemPrompt, passages, jsonSchema, question };
}

function policyMessage({ name, version, description, rules, maxCharacters, ...policy }: Policy) {
  const limited = STAGES.filter((stage) => maxCharacters[stage] !== undefined);
  const limits = limited.map(
    (stage) => ({ detector: LENGTH_LIMIT, stages: [stage], action: "block", threshold: 0, shadow: false }) as const,
  );
  const others = rules.map((rule) => ({ ...rule, detector: rule.detector.name }));
  return {
    name,
    version,
    description,
    whole: policy.whole ?? "buffer",
    onFailure: policy.onFailure ?? "closed",
    rules: [...limits, ...others].map(({ detector, stages, action, threshold, shadow = false }) => ({
      detector,
      stages: stages.map((stage) => protoStage[stage]),
      action: protoVerdict[action],
      threshold,
      shadow,
    })),
  };
}

const protoContext: Readonly<Record<keyof OutputContext, ContextKind>> = {
  systemPrompt: ContextKind.SYSTEM_PROMPT,
  passages: ContextKind.PASSAGES,
  jsonSchema: ContextKind.JSON_SCHEMA,
  question: ContextKind.QUESTION,
};

const protoEscalation: Readonly<Record<EscalationKind, ProtoEscalation>> = {
  human_requested: ProtoEscalation.HUMAN_REQUESTED,
  negative_sentiment: ProtoEscalation.NEGATIVE_SENTIMENT,
  repeated_failure: ProtoEscalation.REPEATED_FAILURE,
  high_stakes: ProtoEscalation.HIGH_STAKES,
  low_confidence: ProtoEscalation.LOW_CONFIDENCE,
  guardrail_hit: ProtoEscalation.GUARDRAIL_HIT,
};

const protoVerdict: Readonly<Record<Verdict, ProtoVerdict>> = {
  allow: ProtoVerdict.ALLOW,
  flag: ProtoVerdict.FLAG,
  redact: ProtoVerdict.REDACT,
  block: ProtoVerdict.BLOCK,
};

const protoStage: Readonly<Record<Stage, ProtoStage>> = {
  input: ProtoStage.INPUT,
  tool_arguments: ProtoStage.TOOL_ARGUMENTS,
  tool_result: ProtoStage.TOOL_RESULT,
  retrieved: ProtoStage.RETRIEVED,
  output: ProtoStage.OUTPUT,
};

const stageByNumber = new Map(STAGES.map((stage) => [protoStage[stage], stage]));

function stageOf(stage: ProtoStage, field: string): Stage {
  const known = stageByNumber.get(stage);
  if (known === undefined) throw invalid(field, "must be one of the stages; it was not set or is not known");
  return known;
}

function invalid(field: string, description: string) {
  return errors.INVALID_CONTENT({ message: `${field} ${description}.`, fields: [{ field, description }] });
}
