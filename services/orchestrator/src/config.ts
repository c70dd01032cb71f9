import { type ConfigOf, defineSettings, duration, integer, text } from "@agentmesh/config";

/** What can be set about the orchestrator. */
export const settings = defineSettings("orchestrator", {
  agents: text({
    env: "AGENTMESH_ORCHESTRATOR_AGENTS",
    help: "Folder of the agents' YAML files, read at the start. When not set: examples/agents of the checkout.",
  }),
  maxRuns: integer({
    env: "AGENTMESH_ORCHESTRATOR_MAX_RUNS",
    default: 256,
    min: 1,
    max: 10_000,
    help: "Most runs that this process carries out at the same time; further ones wait.",
  }),
  maxToolCalls: integer({
    env: "AGENTMESH_ORCHESTRATOR_MAX_TOOL_CALLS",
    default: 128,
    min: 1,
    max: 100_000,
    help: "Most tool calls of all runs that are under way at the same time; further ones wait their turn.",
  }),
  queueLimit: integer({
    env: "AGENTMESH_ORCHESTRATOR_QUEUE_LIMIT",
    default: 1_000,
    min: 0,
    max: 1_000_000,
    help: "Most runs that may wait; further ones are refused with QUEUE_FULL.",
  }),
  lease: duration({
    env: "AGENTMESH_ORCHESTRATOR_LEASE",
    default: "3s",
    min: "300ms",
    max: "5m",
    help: "How long a run belongs to a process that is not heard of any more; renewed three times as often.",
  }),
  pollInterval: duration({
    env: "AGENTMESH_ORCHESTRATOR_POLL_INTERVAL",
    default: "1s",
    min: "500ms",
    max: "1m",
    help: "How often abandoned and waiting runs are looked for.",
  }),
  retention: duration({
    env: "AGENTMESH_ORCHESTRATOR_RETENTION",
    default: "30d",
    min: "1h",
    max: "3650d",
    help: "How long ended runs and their journals are kept.",
  }),
  toolCache: duration({
    env: "AGENTMESH_ORCHESTRATOR_TOOL_CACHE",
    default: "10s",
    min: "0s",
    max: "10m",
    help: "How long descriptions and prices of tools are remembered.",
  }),
});

/** The loaded settings. */
export type OrchestratorConfig = ConfigOf<typeof settings>;
