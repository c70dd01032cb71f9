/** The orchestrator's own metrics. Those of agents in general are in the catalogue of the telemetry package. */
import { defineMetric } from "@agentmesh/telemetry";

export const metrics = {
  steps: defineMetric({
    name: "orchestrator_steps_total",
    help: "Steps recorded in journals, by what they were: model_called, tool_called, recalled.",
    type: "counter",
    labels: ["kind"],
  }),
  resumed: defineMetric({
    name: "orchestrator_runs_resumed_total",
    help: "Runs taken over from their journal after a crash, a stop or a lost lease.",
    type: "counter",
    labels: ["agent_id"],
  }),
  leasesLost: defineMetric({
    name: "orchestrator_leases_lost_total",
    help: "Runs that another worker took while this one still worked on them.",
    type: "counter",
  }),
  queued: defineMetric({
    name: "orchestrator_runs_queued_total",
    help: "Runs that had to wait because this process had no room for them.",
    type: "counter",
  }),
  watchers: defineMetric({
    name: "orchestrator_watchers",
    help: "Streams of run events that are open.",
    type: "gauge",
  }),
  resyncs: defineMetric({
    name: "orchestrator_watcher_resyncs_total",
    help: "Watchers that were too slow and had to read the journal again.",
    type: "counter",
  }),
} as const;
