import { type Counter, defineMetric, type Gauge, type Histogram, type Metrics } from "@agentmesh/telemetry";

/** Sessions in the store. */
export const sessionsMetric = defineMetric({
  name: "memory_sessions",
  help: "Sessions in the store, expired ones until they are swept.",
  type: "gauge",
});

/** How appends ended. */
export const turnsMetric = defineMetric({
  name: "memory_turns_total",
  help: "Turns that were to be appended, by outcome: stored, repeated, conflict, refused.",
  type: "counter",
  labels: ["outcome"],
});

/** Time of comparing a query with a collection. */
export const searchSecondsMetric = defineMetric({
  name: "memory_search_seconds",
  help: "Time of finding the nearest memories, without making the query's vector.",
  type: "histogram",
  buckets: [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1],
});

/** What memory counts. */
export interface MemoryMetrics {
  readonly sessions: Gauge<never>;
  readonly turns: Counter<"outcome">;
  readonly searchSeconds: Histogram<never>;
}

/** The instruments of this service. */
export function memoryMetrics(metrics: Metrics): MemoryMetrics {
  return {
    sessions: metrics.gauge(sessionsMetric),
    turns: metrics.counter(turnsMetric),
    searchSeconds: metrics.histogram(searchSecondsMetric),
  };
}
