/** Logs, metrics and traces of every service, and the one catalogue of their names. */
export { defineEvent, type EventDefinition, type EventFields, type FieldKinds, type LogLevel } from "./log-event.ts";
export type { LogFields, Logger } from "./logger.ts";
export { defineMetric, type LabelValues, type MetricDefinition, type MetricType } from "./metric-definition.ts";
export type { Counter, Gauge, Histogram, Metrics } from "./metrics.ts";
export { attributes, buckets, events, sharedMetrics, spanNames } from "./names.ts";
export { redact } from "./redact.ts";
export {
  type Attributes,
  type AttributeValue,
  NO_SPAN,
  type Span,
  type SpanKind,
  type SpanOptions,
  type Tracer,
} from "./span.ts";
export { createTelemetry, type Telemetry, type TelemetryOptions } from "./telemetry.ts";
export { formatTraceparent, parseTraceparent, type TraceContext } from "./traceparent.ts";
