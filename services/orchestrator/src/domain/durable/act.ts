import type { ToolCalled } from "../events.ts";
import type { Message } from "../message.ts";
import type { PlannedCall } from "../patterns/pattern.ts";
import { toolErrorMessage, toolResultMessage } from "../prompt.ts";
import { callTool, isRefusal } from "./call-tool.ts";
import type { RunContext } from "./run-context.ts";
import { digestOf } from "./transcript.ts";

/** The tool calls of a turn: taken from the journal or carried out, all at once. */
export async function act(context: RunContext, turn: number, calls: readonly PlannedCall[]): Promise<void> {
  context.faults.called(calls);
  await context.barrier();
  context.checkRepeating();
  // All are waited for, also when one fails: nothing may still be written when the run ends.
  const settled = await Promise.allSettled(
    calls.map((planned, index) => perform(context, `t${turn}/act#${index}`, planned)),
  );
  const called = settled.map((result) => {
    if (result.status === "rejected") throw result.reason;
    return result.value;
  });
  context.transcript.add(...called.map(resultMessage));
  if (called.some(isModelFault)) context.faults.invalidTurn();
  else context.faults.validTurn();
}

async function perform(context: RunContext, stepKey: string, planned: PlannedCall): Promise<ToolCalled> {
  const inputHash = digestOf(planned.call.name, planned.call.argumentsJson);
  const recorded = context.steps.take("tool_called", stepKey, inputHash);
  if (recorded !== undefined) return recorded;
  context.check();
  return callTool(context, { stepKey, inputHash, planned });
}

function isModelFault({ errorReason }: ToolCalled): boolean {
  return errorReason === "UNKNOWN_TOOL" || errorReason === "INVALID_ARGUMENTS";
}

function resultMessage(called: ToolCalled): Message {
  if (isRefusal(called.errorReason)) return toolErrorMessage(called.call, called.content);
  return toolResultMessage(called.call, called.content);
}
