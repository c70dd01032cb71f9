import { fileURLToPath } from "node:url";
import { CostService } from "@agentmesh/contracts/cost/v1/cost";
import { GuardrailService } from "@agentmesh/contracts/guardrail/v1/guardrail";
import { LlmRouterService } from "@agentmesh/contracts/llm_router/v1/llm_router";
import { MemoryService } from "@agentmesh/contracts/memory/v1/memory";
import { OrchestratorService } from "@agentmesh/contracts/orchestrator/v1/orchestrator";
import { ToolRegistryService } from "@agentmesh/contracts/tool_registry/v1/tool_registry";
import { defineModule, type ModuleHost } from "@agentmesh/modules";
import { bind } from "@agentmesh/rpc";
import { readAgentFiles } from "./adapters/files/read-agents.ts";
import { LiveFeed } from "./adapters/in-process/live-feed.ts";
import { MeshCosts } from "./adapters/mesh/costs.ts";
import { MeshGuardrail } from "./adapters/mesh/guardrail.ts";
import { RouterModels } from "./adapters/mesh/models.ts";
import { MemorySessions } from "./adapters/mesh/sessions.ts";
import { RegistryTools } from "./adapters/mesh/tools.ts";
import { migrations } from "./adapters/sqlite/migrations.ts";
import { SqliteRunStore } from "./adapters/sqlite/run-store.ts";
import { type OrchestratorConfig, settings } from "./config.ts";
import { AgentCatalogue, readBundles } from "./domain/agents/catalogue.ts";
import { CallLimiter } from "./domain/durable/call-limiter.ts";
import type { RunPorts } from "./domain/durable/run-context.ts";
import { RunInstruments } from "./domain/instruments.ts";
import { Runs } from "./domain/runs.ts";
import { RunWorker } from "./domain/worker.ts";
import { orchestratorService } from "./service.ts";

const exampleAgents = fileURLToPath(new URL("../../../examples/agents", import.meta.url));

/** Agents and their runs. */
export const orchestratorModule = defineModule({
  name: "orchestrator",
  settings,
  dependsOn: ["guardrail", "llm-router", "memory", "tool-registry", "cost"],
  services: [OrchestratorService],
  async create(host, config) {
    const bundles = readBundles(readAgentFiles(config.agents ?? exampleAgents));
    const store = new SqliteRunStore(await host.database(migrations));
    const catalogue = new AgentCatalogue(bundles, store);
    const instruments = new RunInstruments(host.telemetry);
    const ports = portsOf(host, config, instruments);
    const { clock } = host;
    const dependencies = { store, catalogue, ports, instruments, clock };
    const worker = new RunWorker(dependencies, workerOptions(config));
    const runs = new Runs(worker, { store, feed: ports.feed, instruments, clock });
    const { guardrail } = ports;
    const starting = { store, catalogue, guardrail, worker, instruments, clock, queueLimit: config.queueLimit };
    return {
      bindings: [bind(OrchestratorService, orchestratorService({ catalogue, runs, starting }))],
      start: async () => worker.start(),
      drain: (signal) => worker.drain(signal),
      stop: () => worker.stop(),
    };
  },
});

function portsOf(
  host: ModuleHost,
  { toolCache, maxToolCalls }: OrchestratorConfig,
  instruments: RunInstruments,
): RunPorts {
  return {
    models: new RouterModels(host.client(LlmRouterService)),
    guardrail: new MeshGuardrail(host.client(GuardrailService)),
    sessions: new MemorySessions(host.client(MemoryService)),
    tools: new RegistryTools(host.client(ToolRegistryService), { clock: host.clock, cacheMs: toolCache }),
    toolCalls: new CallLimiter(maxToolCalls),
    costs: new MeshCosts(host.client(CostService)),
    feed: new LiveFeed({ clock: host.clock, onResync: () => instruments.resyncs.add(1) }),
  };
}

function workerOptions({ maxRuns, lease, pollInterval, retention }: OrchestratorConfig) {
  return { maxRuns, leaseMs: lease, pollMs: pollInterval, retentionMs: retention };
}
