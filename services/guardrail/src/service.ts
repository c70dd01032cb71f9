import type { CheckStreamRequest, GuardrailService } from "@agentmesh/contracts/guardrail/v1/guardrail";
import { Stage as ProtoStage, Verdict as ProtoVerdict } from "@agentmesh/contracts/type/v1/types";
import { scopeOf } from "@agentmesh/rpc";
import { attributes } from "@agentmesh/telemetry";
import type { HandlerContext, ServiceImpl } from "@connectrpc/connect";
import type { CheckResult } from "./domain/check-text.ts";
import type { Finding } from "./domain/finding.ts";
import type { Guard, GuardedStream } from "./domain/guard.ts";
import { LENGTH_LIMIT } from "./domain/length-limit.ts";
import type { Policy } from "./domain/policy.ts";
import type { StreamStep } from "./domain/stream-checker.ts";
import { STAGES, type Stage, type Verdict } from "./domain/verdict.ts";
import { errors } from "./errors.ts";

/** The handlers of GuardrailService. */
export function guardrailService(guard: Guard): ServiceImpl<typeof GuardrailService> {
  return {
    async check({ policy, contents }, context) {
      const { span } = scopeOf(context);
      const staged = contents.map(({ stage, text }, index) => ({
        stage: stageOf(stage, `contents[${index}].stage`),
        text,
      }));
      const outcome = await guard.check(policy, staged, span);
      const found = outcome.results.reduce((sum, { findings }) => sum + findings.length, 0);
      span?.set({ [attributes.verdict]: outcome.verdict, [attributes.findings]: found });
      return {
        verdict: protoVerdict[outcome.verdict],
        results: outcome.results.map(resultMessage),
        policyVersion: outcome.policyVersion,
      };
    },
    checkStream: (requests, context) => checkStream(guard, requests, context),
    listPolicies: () => ({ policies: guard.policies().map(policyMessage) }),
  };
}

async function* checkStream(guard: Guard, requests: AsyncIterable<CheckStreamRequest>, context: HandlerContext) {
  const { span } = scopeOf(context);
  let stream: GuardedStream | undefined;
  for await (const { request } of requests) {
    if (stream === undefined) {
      if (request.case !== "start") throw invalid("start", "must be the first request");
      const { policy: policyName, stage } = request.value;
      stream = guard.openStream({ policyName, stage: stageOf(stage, "start.stage"), span });
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
  return { textDelta: text, findings: findings.map(findingMessage), verdict: protoVerdict[stream.verdict] };
}

function resultMessage({ verdict, redactedText, findings }: CheckResult) {
  return { verdict: protoVerdict[verdict], redactedText, findings: findings.map(findingMessage) };
}

function findingMessage({ detector, category, start, end, score, action, explanation }: Finding) {
  return { detector, category, start, end, score, action: protoVerdict[action], explanation };
}

function policyMessage({ name, version, description, rules, maxCharacters }: Policy) {
  const limited = STAGES.filter((stage) => maxCharacters[stage] !== undefined);
  const limits = limited.map(
    (stage) => ({ detector: LENGTH_LIMIT, stages: [stage], action: "block", threshold: 0 }) as const,
  );
  const others = rules.map((rule) => ({ ...rule, detector: rule.detector.name }));
  return {
    name,
    version,
    description,
    rules: [...limits, ...others].map(({ detector, stages, action, threshold }) => ({
      detector,
      stages: stages.map((stage) => protoStage[stage]),
      action: protoVerdict[action],
      threshold,
    })),
  };
}

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
