import type { CallScope } from "@agentmesh/rpc/scope";
import type { GuardrailActed, ModelAnswer, ModelCalled } from "../events.ts";
import { type Part, type ToolCall, textOf } from "../message.ts";
import type { CheckedContent, CheckResult, ModelRequest } from "../ports.ts";
import { systemMessage } from "../prompt.ts";
import { answerContext } from "./answer-context.ts";
import { actedEvents, type RunContext } from "./run-context.ts";
import { withPlanSpan, withStepSpan } from "./step.ts";

/** Most tools one answer may ask for: a model that wants more is not making sense. */
const maxCalls = 128;

/** A model call that is not in the journal. */
interface ModelStep {
  readonly turn: number;
  readonly stepKey: string;
  readonly inputHash: string;
  readonly tools: "auto" | "none";
}

/** An answer and what the guardrail says about its text; undefined: not checked yet. */
interface Spoken {
  readonly answer: ModelAnswer;
  readonly output: CheckResult | undefined;
  /** Some of it was shown already. */
  readonly isShown?: boolean;
}

/** Asks the model, checks what it says and the arguments it wrote, and records what may pass. */
export async function callModel(context: RunContext, step: ModelStep): Promise<ModelCalled> {
  await context.barrier();
  context.check();
  const { called, acted } = await withStepSpan(context, step.stepKey, async (scope) => {
    const request = await withPlanSpan(context, { parent: scope, stepKey: step.stepKey }, (planning) =>
      modelRequest(context, step, planning),
    );
    const spoken = context.request.stream
      ? await speakLive(context, { scope, request, stepKey: step.stepKey })
      : { answer: await context.ports.models.generate(scope, request), output: undefined };
    return checked(context, { scope, step, spoken });
  });
  context.record(called, step.inputHash, acted);
  return called;
}

async function modelRequest(
  context: RunContext,
  { stepKey, tools }: ModelStep,
  scope: CallScope,
): Promise<ModelRequest> {
  const { bundle, transcript } = context;
  return {
    model: bundle.model,
    messages: [systemMessage(bundle), ...transcript.messages],
    tools: await context.tools(scope),
    toolChoice: tools,
    temperature: bundle.temperature,
    maxOutputTokens: bundle.maxOutputTokens,
    attribution: context.attribution(stepKey),
  };
}

/** Publishes text while it is written, as far as the guardrail lets it pass. */
async function speakLive(
  context: RunContext,
  { scope, request, stepKey }: { scope: CallScope; request: ModelRequest; stepKey: string },
): Promise<Spoken> {
  const { ports, journal, run, clock, bundle } = context;
  // Text is placed after the last stored event, so what came before it is stored first.
  if (journal.hasPending) await journal.flush();
  let isShown = false;
  const output = await ports.guardrail.checkStream(scope, {
    policy: bundle.guardrailPolicy,
    stage: "output",
    context: () => answerContext(context),
    produce: (inner, write) => ports.models.stream(inner, request, write),
    passed: (text) => {
      isShown = true;
      ports.feed.publishText(run.id, { stepKey, text, afterSeq: journal.lastSeq, time: clock() });
    },
  });
  return { answer: output.value ?? cutAnswer(context), output, isShown };
}

// The guardrail stopped the answer before the model was done: nobody knows its usage, the router has settled it.
function cutAnswer(context: RunContext): ModelAnswer {
  return {
    id: "",
    message: { role: "assistant", parts: [] },
    finishReason: "stop",
    model: context.bundle.model,
    provider: "",
    usage: { inputTokens: 0, outputTokens: 0, cachedInputTokens: 0, reasoningTokens: 0, estimated: true },
    costNanoUsd: 0,
    routeReason: "",
    attempts: 1,
  };
}

/** Lets pass of an answer what may, in one check. */
async function checked(
  context: RunContext,
  { scope, step, spoken }: { scope: CallScope; step: ModelStep; spoken: Spoken },
): Promise<{ called: ModelCalled; acted: readonly GuardrailActed[] }> {
  const { answer } = spoken;
  const { stepKey } = step;
  const text = textOf(answer.message);
  const calls = uniqueCalls(context, step.turn, answer.message.toolCalls ?? []);
  const checkText = spoken.output === undefined && text !== "";
  const results = await check(context, scope, [
    ...(checkText ? [{ stage: "output", text } as const] : []),
    ...calls.map(({ argumentsJson }) => ({ stage: "tool_arguments", text: argumentsJson }) as const),
  ]);
  const output = spoken.output ?? (checkText ? results[0] : undefined);
  const ofCalls = checkText ? results.slice(1) : results;
  const blockedCalls = ofCalls.flatMap(({ verdict }, index) => (verdict === "block" ? [index] : []));
  const acted = [
    ...(output === undefined ? [] : actedEvents(stepKey, "output", output)),
    ...ofCalls.flatMap((result) => actedEvents(stepKey, "tool_arguments", result)),
  ];
  const passedText = output === undefined ? text : output.text;
  const parts: readonly Part[] = passedText === "" ? [] : [{ text: passedText, provenance: "model" }];
  const toolCalls = calls.map((call, index) => passedCall(call, ofCalls[index]));
  const called: ModelCalled = {
    kind: "model_called",
    stepKey,
    answer: { ...answer, message: { role: "assistant", parts, ...(toolCalls.length > 0 ? { toolCalls } : {}) } },
    ...(output?.verdict === "block" ? { blockedOutput: true } : {}),
    ...(output?.verdict === "block" && output.refusal !== undefined ? { refusal: output.refusal } : {}),
    // What somebody has read cannot be written again.
    ...(output?.retry === true && spoken.isShown !== true ? { retry: true } : {}),
    ...(blockedCalls.length > 0 ? { blockedCalls } : {}),
  };
  return { called, acted };
}

function check(
  context: RunContext,
  scope: CallScope,
  contents: readonly CheckedContent[],
): Promise<readonly CheckResult[]> | readonly CheckResult[] {
  if (contents.every(({ text }) => text === "" || text === "{}")) return contents.map(allowed);
  const madeFrom = contents[0]?.stage === "output" ? () => answerContext(context) : undefined;
  return context.ports.guardrail.check(scope, context.bundle.guardrailPolicy, contents, madeFrom);
}

function allowed({ text }: CheckedContent): CheckResult {
  return { verdict: "allow", text, findings: [] };
}

function passedCall(call: ToolCall, result: CheckResult | undefined): ToolCall {
  if (result === undefined || result.verdict === "allow" || result.verdict === "flag") return call;
  return { ...call, argumentsJson: result.verdict === "block" ? "{}" : result.text };
}

/** The calls under ids that are unique in the run; none when there are too many: then the answer cannot be used. */
function uniqueCalls(context: RunContext, turn: number, calls: readonly ToolCall[]): readonly ToolCall[] {
  if (calls.length > maxCalls) return [];
  const taken = new Set<string>();
  return calls.map((call, index) => {
    const unfit = !/^[\w-]{1,64}$/.test(call.id) || taken.has(call.id) || context.transcript.hasCall(call.id);
    const id = unfit ? `call_${turn}_${index}` : call.id;
    taken.add(id);
    return id === call.id ? call : { ...call, id };
  });
}
