import {
  type Agent,
  AgentSchema,
  RunStatus as ContractStatus,
  type Run,
  RunSchema,
} from "@agentmesh/contracts/orchestrator/v1/run";
import { create } from "@bufbuild/protobuf";
import { durationFromMs, timestampFromMs } from "@bufbuild/protobuf/wkt";
import { contractMessage, contractMoney, contractUsage } from "../adapters/mesh/message-codec.ts";
import type { AgentBundle } from "../domain/agents/bundle.ts";
import type { RunStatus, RunView } from "../domain/run.ts";

const statuses: Readonly<Record<RunStatus, ContractStatus>> = {
  queued: ContractStatus.QUEUED,
  running: ContractStatus.RUNNING,
  succeeded: ContractStatus.SUCCEEDED,
  failed: ContractStatus.FAILED,
  cancelled: ContractStatus.CANCELLED,
};

/** A run in the contract's form. */
export function contractRun({ run, totals, output, error }: RunView): Run {
  return create(RunSchema, {
    id: run.id,
    agentId: run.agentId,
    agentVersion: run.agentVersion,
    status: statuses[run.status],
    sessionId: run.sessionId,
    created: timestampFromMs(run.created),
    ...(run.ended === undefined ? {} : { ended: timestampFromMs(run.ended) }),
    deadline: timestampFromMs(run.deadline),
    lastSeq: BigInt(run.lastSeq),
    ...(output === undefined ? {} : { output: contractMessage(output) }),
    usage: contractUsage(totals.usage),
    cost: contractMoney(totals.costNanoUsd),
    ...(error === undefined ? {} : { error }),
    models: [...totals.models],
  });
}

/** An agent in the contract's form. */
export function contractAgent(bundle: AgentBundle): Agent {
  return create(AgentSchema, {
    id: bundle.id,
    version: bundle.version,
    description: bundle.description,
    pattern: bundle.pattern,
    model: bundle.model,
    tools: bundle.tools.map(({ name }) => name),
    memory: bundle.memory.kind,
    guardrailPolicy: bundle.guardrailPolicy,
    maxIterations: bundle.limits.iterations,
    timeout: durationFromMs(bundle.limits.timeoutMs),
    ...(bundle.budgetNanoUsd === undefined ? {} : { budget: contractMoney(bundle.budgetNanoUsd) }),
  });
}
