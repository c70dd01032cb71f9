import { type Metrics, sharedMetrics } from "@agentmesh/telemetry";

/**
 * The instruments of tool-registry, both shared by name with dashboards. `status` is ok, replayed, invalid_arguments,
 * tool_failed, tool_timeout, result_too_large or uncertain.
 */
export function toolInstruments(metrics: Metrics) {
  return {
    calls: metrics.counter(sharedMetrics.toolCalls),
    latency: metrics.histogram(sharedMetrics.toolCallLatency),
  };
}

/** See {@link toolInstruments}. */
export type ToolInstruments = ReturnType<typeof toolInstruments>;
