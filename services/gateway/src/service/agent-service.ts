import type { AgentService } from "@agentmesh/contracts/gateway/v1/agent_service";
import type { OrchestratorService } from "@agentmesh/contracts/orchestrator/v1/orchestrator";
import { callOptionsOf, scopeOf } from "@agentmesh/rpc";
import type { Client, ServiceImpl } from "@connectrpc/connect";
import type { AgentRuns } from "./agent-runs.ts";
import { optional } from "./optional.ts";

/** What the service needs. */
export interface AgentServiceOptions {
  readonly orchestrator: Client<typeof OrchestratorService>;
  readonly runs: AgentRuns;
}

/** AgentService over the orchestrator. */
export function agentService({ orchestrator, runs }: AgentServiceOptions): ServiceImpl<typeof AgentService> {
  return {
    async listAgents(_request, context) {
      const { agents } = await orchestrator.listAgents({}, callOptionsOf(scopeOf(context)));
      return { agents };
    },
    async run({ run }, context) {
      return { run: await runs.run(run, scopeOf(context)) };
    },
    async *streamRun({ run }, context) {
      for await (const event of runs.stream(run, scopeOf(context))) yield { event };
    },
    async submitRun({ run }, context) {
      return { run: await runs.start(run, { stream: true, scope: scopeOf(context) }) };
    },
    async getRun({ runId }, context) {
      return optional(await orchestrator.getRun({ runId }, callOptionsOf(scopeOf(context))), "run");
    },
    async *watchRun({ runId, afterSeq }, context) {
      for await (const event of runs.watch({ runId, afterSeq }, scopeOf(context))) yield { event };
    },
    async listRuns({ pageSize, pageToken, agentId, sessionId }, context) {
      const page = { pageSize, pageToken, agentId, sessionId };
      const { runs: found, nextPageToken } = await orchestrator.listRuns(page, callOptionsOf(scopeOf(context)));
      return { runs: found, nextPageToken };
    },
    async cancelRun({ runId, reason }, context) {
      return optional(await orchestrator.cancelRun({ runId, reason }, callOptionsOf(scopeOf(context))), "run");
    },
  };
}
