import type { StartRunRequest } from "@agentmesh/contracts/orchestrator/v1/orchestrator";
import { durationMs } from "@bufbuild/protobuf/wkt";
import { domainMessage, domainMoney } from "../adapters/mesh/message-codec.ts";
import type { StartRequest } from "../domain/run-input.ts";

/** A request to start a run, as the domain sees it. */
export function startRequestOf(request: StartRunRequest): StartRequest {
  return {
    agentId: request.agentId,
    input: request.input,
    sessionId: request.sessionId,
    history: request.history.map(domainMessage),
    idempotencyKey: request.idempotencyKey,
    timeoutMs: request.timeout === undefined ? undefined : durationMs(request.timeout),
    budgetNanoUsd: request.budget === undefined ? undefined : domainMoney(request.budget),
    stream: request.stream,
  };
}
