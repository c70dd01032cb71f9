import { buckets, type Counter, defineMetric, type Histogram, type Metrics, sharedMetrics } from "@agentmesh/telemetry";

/** Time of one check. */
export const checkSecondsMetric = defineMetric({
  name: "guardrail_check_seconds",
  help: "Time of checking one text, or one piece of a streamed text.",
  type: "histogram",
  labels: ["stage"],
  buckets: buckets.checkSeconds,
});

/** What a check adds to a stream. */
export const streamDelayMetric = defineMetric({
  name: "guardrail_stream_delay_seconds",
  help: "Time from the arrival of a piece of a stream until all of it may pass.",
  type: "histogram",
  labels: ["stage"],
  buckets: [0.00001, 0.0001, 0.001, 0.01, 0.05, 0.1, 0.5, 1, 5, 30],
});

/** What is held back of a stream. */
export const heldCharactersMetric = defineMetric({
  name: "guardrail_held_characters",
  help: "Characters of a stream that are held back after each piece.",
  type: "histogram",
  labels: ["stage"],
  buckets: [0, 4, 16, 64, 256, 1024, 4096, 16_384, 65_536, 262_144],
});

/** Reloads of the policy folder. */
export const policyReloadsMetric = defineMetric({
  name: "guardrail_policy_reloads_total",
  help: "Reloads of the policy folder; outcome is applied or refused.",
  type: "counter",
  labels: ["outcome"],
});

/** What guardrail counts. */
export interface GuardrailMetrics {
  readonly violations: Counter<"boundary" | "layer" | "category" | "action">;
  readonly checkSeconds: Histogram<"stage">;
  readonly streamDelay: Histogram<"stage">;
  readonly heldCharacters: Histogram<"stage">;
}

/** The instruments of this service. */
export function guardrailMetrics(metrics: Metrics): GuardrailMetrics {
  return {
    violations: metrics.counter(sharedMetrics.guardrailViolations),
    checkSeconds: metrics.histogram(checkSecondsMetric),
    streamDelay: metrics.histogram(streamDelayMetric),
    heldCharacters: metrics.histogram(heldCharactersMetric),
  };
}
