import { type RunEvent, RunEventSchema } from "@agentmesh/contracts/orchestrator/v1/run";
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { contractFinding, contractStages, contractVerdicts } from "../adapters/mesh/finding-codec.ts";
import { contractGeneration } from "../adapters/mesh/generation-codec.ts";
import { contractMessage, contractMoney, contractUsage } from "../adapters/mesh/message-codec.ts";
import type { EventBody, GuardrailActed, Recalled, ToolCalled } from "../domain/events.ts";
import type { Totals } from "../domain/totals.ts";
import type { Watched } from "../domain/watch-run.ts";

type ContractEvent = NonNullable<MessageInitShape<typeof RunEventSchema>["event"]>;

/** What a watcher gets, in the contract's form. */
export function contractEvent(runId: string, watched: Watched): RunEvent {
  if (watched.kind === "event") {
    const { seq, time, body } = watched.event;
    return create(RunEventSchema, { runId, seq: BigInt(seq), time: timestampFromMs(time), event: journaled(body) });
  }
  const { stepKey, text, afterSeq, index, time } = watched;
  const event: ContractEvent =
    watched.kind === "delta"
      ? { case: "textDelta", value: { stepKey, text } }
      : { case: "snapshot", value: { stepKey, text } };
  return create(RunEventSchema, { runId, afterSeq: BigInt(afterSeq), index, time: timestampFromMs(time), event });
}

function journaled(body: EventBody): ContractEvent {
  switch (body.kind) {
    case "accepted": {
      const { agentId, agentVersion, sessionId } = body;
      return { case: "accepted", value: { agentId, agentVersion, sessionId, input: contractMessage(body.input) } };
    }
    case "started":
      return { case: "started", value: { attempt: body.attempt } };
    case "recalled":
      return { case: "recalled", value: recalled(body) };
    case "model_called":
      return { case: "modelCalled", value: { stepKey: body.stepKey, generation: contractGeneration(body.answer) } };
    case "tool_called":
      return { case: "toolCalled", value: toolCalled(body) };
    case "guardrail_acted":
      return { case: "guardrailActed", value: guardrailActed(body) };
    case "succeeded":
      return { case: "succeeded", value: { output: contractMessage(body.output), ...used(body.totals) } };
    case "failed":
      return { case: "failed", value: { error: body.error, ...used(body.totals) } };
    case "cancelled":
      return { case: "cancelled", value: { reason: body.reason, ...used(body.totals) } };
  }
}

function recalled({ stepKey, truncated, sessionVersion, messages }: Recalled) {
  return {
    stepKey,
    truncated,
    sessionVersion: BigInt(sessionVersion),
    sessionMessages: messages.length,
    messages: messages.map(contractMessage),
  };
}

function toolCalled({ stepKey, call, content, isError, errorReason, costNanoUsd }: ToolCalled) {
  return { stepKey, call, content, isError, errorReason, cost: contractMoney(costNanoUsd) };
}

function guardrailActed({ stepKey, stage, verdict, findings }: GuardrailActed) {
  return {
    stepKey,
    stage: contractStages[stage],
    verdict: contractVerdicts[verdict],
    findings: findings.map(contractFinding),
  };
}

function used({ usage, costNanoUsd }: Totals) {
  return { usage: contractUsage(usage), cost: contractMoney(costNanoUsd) };
}
