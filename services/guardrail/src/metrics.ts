import { buckets, type Counter, defineMetric, type Histogram, type Metrics, sharedMetrics } from "@agentmesh/telemetry";

/** Time of one check. */
export const checkSecondsMetric = defineMetric({
  name: "guardrail_check_seconds",
  help: "Time of checking one text, or one piece of a streamed text.",
  type: "histogram",
  labels: ["stage"],
  buckets: buckets.checkSeconds,
});

/** What guardrail counts. */
export interface GuardrailMetrics {
  readonly violations: Counter<"category" | "stage" | "action">;
  readonly checkSeconds: Histogram<"stage">;
}

/** The instruments of this service. */
export function guardrailMetrics(metrics: Metrics): GuardrailMetrics {
  return {
    violations: metrics.counter(sharedMetrics.guardrailViolations),
    checkSeconds: metrics.histogram(checkSecondsMetric),
  };
}
