import type { OrchestratorService } from "@agentmesh/contracts/orchestrator/v1/orchestrator";
import { scopeOf } from "@agentmesh/rpc";
import type { ServiceImpl } from "@connectrpc/connect";
import { passedOn } from "./adapters/mesh/dependency-error.ts";
import type { AgentCatalogue } from "./domain/agents/catalogue.ts";
import type { Runs } from "./domain/runs.ts";
import { type StartDependencies, startRun } from "./domain/start-run.ts";
import { noTotals } from "./domain/totals.ts";
import { errors } from "./errors.ts";
import { contractEvent } from "./mapping/event-codec.ts";
import { contractAgent, contractRun } from "./mapping/run-codec.ts";
import { startRequestOf } from "./mapping/start-request.ts";

/** What the RPCs work with. */
export interface ServiceDependencies {
  readonly catalogue: AgentCatalogue;
  readonly runs: Runs;
  readonly starting: StartDependencies;
}

/** The RPCs of the orchestrator over its domain. */
export function orchestratorService(dependencies: ServiceDependencies): ServiceImpl<typeof OrchestratorService> {
  const { catalogue, runs, starting } = dependencies;
  return {
    listAgents: () => ({ agents: catalogue.list().map(contractAgent) }),
    async startRun(request, context) {
      const { run, existing } = await passedOn(startRun(starting, scopeOf(context), startRequestOf(request)));
      return { run: contractRun({ run, totals: noTotals }), existing };
    },
    async getRun({ runId }, context) {
      return { run: contractRun(await runs.get(scopeOf(context), runId)) };
    },
    async waitRun({ runId }, context) {
      return { run: contractRun(await runs.wait(scopeOf(context), runId)) };
    },
    async *watchRun({ runId, afterSeq }, context) {
      for await (const watched of runs.watch(scopeOf(context), runId, positionOf(afterSeq))) {
        yield { event: contractEvent(runId, watched) };
      }
    },
    async listRuns({ pageSize, pageToken, agentId, sessionId }, context) {
      const page = await runs.list(scopeOf(context), { size: pageSize, token: pageToken, agentId, sessionId });
      return { runs: page.runs.map(contractRun), nextPageToken: page.next };
    },
    async cancelRun({ runId, reason }, context) {
      return { run: contractRun(await runs.cancel(scopeOf(context), runId, reason)) };
    },
  };
}

function positionOf(afterSeq: bigint): number {
  if (afterSeq >= 0n && afterSeq <= BigInt(Number.MAX_SAFE_INTEGER)) return Number(afterSeq);
  throw errors.INVALID_POSITION({ message: "after_seq must be 0 or the number of an event of the run." });
}
