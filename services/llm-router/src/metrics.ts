import { defineMetric, sharedMetrics } from "@agentmesh/telemetry";

/** What the llm-router counts. `model` is always a name of the catalogue (for a pattern: the pattern). */
export const metrics = {
  latency: sharedMetrics.llmCallLatency,
  timeToFirstToken: sharedMetrics.llmTimeToFirstToken,
  tokens: sharedMetrics.llmTokens,
  inFlight: sharedMetrics.llmCallsInFlight,
  retries: defineMetric({
    name: "llm_retries_total",
    help: "Tries of a model call that failed and were repeated, by what went wrong.",
    type: "counter",
    labels: ["model", "reason"],
  }),
  lostSettlements: defineMetric({
    name: "llm_settlements_lost_total",
    help: "Holds that could not be settled or released; each expires into an estimated charge.",
    type: "counter",
  }),
} as const;
