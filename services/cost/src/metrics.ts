import { defineMetric, type Metrics, sharedMetrics } from "@agentmesh/telemetry";

/** What cost counts besides the shared `agent_cost_usd_total`. */
export const costMetrics = {
  holdsOpen: defineMetric({
    name: "cost_holds_open",
    help: "Holds that are neither settled, released nor expired.",
    type: "gauge",
  }),
  holdsRejected: defineMetric({
    name: "cost_holds_rejected_total",
    help: "Limits that refused a hold, by what the limit counts; one hold can be refused by several.",
    type: "counter",
    labels: ["limit_scope"],
  }),
  holdsExpired: defineMetric({
    name: "cost_holds_expired_total",
    help: "Holds whose owner never came back; they were charged as estimates.",
    type: "counter",
  }),
  overruns: defineMetric({
    name: "cost_overruns_total",
    help: "Charges that exceeded their hold.",
    type: "counter",
    labels: ["cost_type"],
  }),
  overrunUsd: defineMetric({
    name: "cost_overrun_usd_total",
    help: "By how much charges exceeded their holds, in US dollars.",
    type: "counter",
    labels: ["cost_type"],
  }),
} as const;

/** The instruments of cost. */
export function costInstruments(metrics: Metrics) {
  return {
    cost: metrics.counter(sharedMetrics.agentCost),
    holdsOpen: metrics.gauge(costMetrics.holdsOpen),
    holdsRejected: metrics.counter(costMetrics.holdsRejected),
    holdsExpired: metrics.counter(costMetrics.holdsExpired),
    overruns: metrics.counter(costMetrics.overruns),
    overrunUsd: metrics.counter(costMetrics.overrunUsd),
  };
}

/** See {@link costInstruments}. */
export type CostInstruments = ReturnType<typeof costInstruments>;
