import type { CallScope } from "@agentmesh/rpc/scope";
import { errors } from "../../errors.ts";
import type { GuardrailActed, Stage, ToolCalled } from "../events.ts";
import type { PlannedCall } from "../patterns/pattern.ts";
import { DependencyError, type ToolInfo, type ToolResult } from "../ports.ts";
import { actedEvents, type RunContext } from "./run-context.ts";
import { withStepSpan } from "./step.ts";

/** A tool call that is not in the journal. */
interface ToolStep {
  readonly stepKey: string;
  readonly inputHash: string;
  readonly planned: PlannedCall;
}

/** What a call came to. */
interface Outcome extends ToolResult {
  readonly costNanoUsd: number;
  readonly acted: readonly GuardrailActed[];
}

/** Reasons for which the mesh itself answers a call; the texts are ours, not the tool's. */
const refusals = {
  UNKNOWN_TOOL: "there is no such tool.",
  ARGUMENTS_BLOCKED: "a guardrail blocked the arguments of this call. Do without it.",
  TOOL_FORBIDDEN: "the user may not use this tool. Do without it.",
  RESULT_BLOCKED: "a guardrail blocked the result of this call. Do without it.",
} as const;

/** Whether an error was given by the mesh instead of the tool. */
export function isRefusal(reason: string): boolean {
  return reason in refusals;
}

/** The tool whose results are texts from memory, which have a boundary of their own. */
const retrievalTool = "recall";

/** Pays for a tool call, carries it out, checks what it returned, and records that at once. */
export async function callTool(context: RunContext, step: ToolStep): Promise<ToolCalled> {
  const started = context.clock();
  const { call } = step.planned;
  const { acted, ...outcome } = await withStepSpan(context, step.stepKey, async (scope) => {
    const outcome = await context.ports.toolCalls.run(scope.signal, () => perform(context, step, scope));
    // What reaches the registry is logged there; what is refused before is seen here only.
    if (isRefusal(outcome.errorReason)) {
      const { run, instruments, clock } = context;
      instruments.callRefused(
        {
          run,
          stepKey: step.stepKey,
          tool: toolLabel(outcome, call.name),
          reason: outcome.errorReason,
          durationMs: clock() - started,
        },
        scope.span,
      );
    }
    return outcome;
  });
  const called: ToolCalled = { kind: "tool_called", stepKey: step.stepKey, call, ...outcome };
  context.record(called, step.inputHash, acted);
  await context.journal.flush();
  return called;
}

// A name that only the model knows must not become a label or a log field.
function toolLabel({ errorReason }: Outcome, name: string): string {
  return errorReason === "UNKNOWN_TOOL" ? "unknown" : name;
}

async function perform(context: RunContext, { stepKey, planned }: ToolStep, scope: CallScope): Promise<Outcome> {
  const { call, blocked } = planned;
  const tools = await context.tools(scope);
  const tool = tools.find(({ name }) => name === call.name);
  if (tool === undefined) return refused("UNKNOWN_TOOL", `You can call: ${tools.map(({ name }) => name).join(", ")}.`);
  if (blocked) return refused("ARGUMENTS_BLOCKED");
  const holdId = `${context.run.id}/${stepKey}`;
  await context.ports.costs.hold(scope, {
    holdId,
    amountNanoUsd: tool.priceNanoUsd,
    resource: tool.name,
    attribution: context.attribution(stepKey),
  });
  const result = await execute(context, { stepKey, planned, holdId, scope });
  if (result === undefined) return refused("TOOL_FORBIDDEN");
  return settle(context, { stepKey, tool, result, holdId, scope });
}

/** @returns undefined when the principal may not use the tool */
async function execute(
  context: RunContext,
  {
    stepKey,
    planned: { call },
    holdId,
    scope,
  }: Pick<ToolStep, "stepKey" | "planned"> & { holdId: string; scope: CallScope },
): Promise<ToolResult | undefined> {
  const { run, bundle, ports } = context;
  try {
    return await ports.tools.execute(scope, {
      runId: run.id,
      stepKey,
      tool: call.name,
      argumentsJson: call.argumentsJson,
      settings: bundle.tools.find(({ name }) => name === call.name)?.settings,
    });
  } catch (error) {
    if (!(error instanceof DependencyError)) throw error;
    if (error.reason === "UNCERTAIN")
      throw errors.TOOL_UNCERTAIN({ metadata: { tool: call.name, step_key: stepKey }, cause: error });
    // Only where it is certain that nothing ran; any other hold turns into an estimated charge by itself.
    if (neverRan.has(error.reason)) await ports.costs.release(scope, holdId);
    if (error.reason === "TOOL_FORBIDDEN") return undefined;
    throw error;
  }
}

const neverRan: ReadonlySet<string> = new Set(["TOOL_FORBIDDEN", "TOOL_NOT_FOUND"]);

async function settle(
  context: RunContext,
  {
    stepKey,
    tool,
    result,
    holdId,
    scope,
  }: { stepKey: string; tool: ToolInfo; result: ToolResult; holdId: string; scope: CallScope },
): Promise<Outcome> {
  const { ports, bundle } = context;
  const costNanoUsd = result.errorReason === "INVALID_ARGUMENTS" ? 0 : tool.priceNanoUsd;
  const stage: Stage = tool.name === retrievalTool ? "retrieved" : "tool_result";
  const [checks] = await Promise.all([
    result.content === ""
      ? []
      : ports.guardrail.check(scope, bundle.guardrailPolicy, [{ stage, text: result.content }]),
    ports.costs.settle(scope, holdId, costNanoUsd),
  ]);
  const [check] = checks;
  if (check === undefined) return { ...result, costNanoUsd, acted: [] };
  const acted = actedEvents(stepKey, stage, check);
  if (check.verdict === "block") return { ...refused("RESULT_BLOCKED"), costNanoUsd, acted };
  return { ...result, content: check.text, costNanoUsd, acted };
}

function refused(reason: keyof typeof refusals, hint = ""): Outcome {
  const content = hint === "" ? refusals[reason] : `${refusals[reason]} ${hint}`;
  return { content, isError: true, errorReason: reason, costNanoUsd: 0, acted: [] };
}
