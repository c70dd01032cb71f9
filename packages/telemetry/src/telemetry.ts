import { collectDefaultMetrics, Registry } from "prom-client";
import { writeExposition } from "./exposition.ts";
import type { LogLevel } from "./log-event.ts";
import { type LogDestination, type Logger, openLog } from "./logger.ts";
import { MetricRegistry, type Metrics } from "./metrics.ts";
import { type MetricsAddress, type MetricsServer, serveMetrics } from "./metrics-server.ts";
import { NO_TRACER, type Tracer, type Tracing } from "./span.ts";

/** How a process reports about itself. */
export interface TelemetryOptions {
  /** The service's name, or `agentmesh` for the all-in-one process. */
  readonly service: string;
  readonly level: LogLevel | "silent";
  /** Base address of an OTLP collector over HTTP, such as `http://collector:4318`. Left out: no tracing, nothing loaded. */
  readonly otlpEndpoint?: string | undefined;
  /** Headers for the collector, for example its key. */
  readonly otlpHeaders?: Readonly<Record<string, string>> | undefined;
  /** Share of new traces that are recorded, 0 to 1 (default 1). A caller's decision is followed. */
  readonly sampleRatio?: number | undefined;
  /** Further resource attributes of the process, for example `service.version`. */
  readonly resource?: Readonly<Record<string, string>> | undefined;
  /** Where log lines go; standard output when left out. */
  readonly destination?: LogDestination | undefined;
}

/** Logger, metrics and tracer of a process, or of one module in it. */
export interface Telemetry {
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly tracer: Tracer;
  /** The same process seen as one module: its name is the label and field `service` and the span attribute. */
  forModule(name: string): Telemetry;
  /** Serves all metrics of the process at `/metrics`. */
  serveMetrics(address: MetricsAddress): Promise<MetricsServer>;
  /** Sends collected spans and log lines now. Never rejects; gives up after a few seconds. */
  flush(): Promise<void>;
  /** Sends what is left and ends tracing. For the owner of the process, as its last act; repeated calls do nothing. */
  shutdown(): Promise<void>;
}

/** Sets up telemetry for the process. The tracing libraries are loaded only when an endpoint is given. */
export async function createTelemetry(options: TelemetryOptions): Promise<Telemetry> {
  const log = openLog(options);
  const registry = new MetricRegistry();
  const processMetrics = new Registry();
  collectDefaultMetrics({ register: processMetrics });
  const tracing = await openTracing(options, log.forService(options.service));
  let closing: Promise<void> | undefined;
  const shutdown = () => {
    closing ??= tracing.shutdown().finally(() => log.close());
    return closing;
  };
  const flush = () => tracing.flush().then(() => log.flush());
  const view = (service: string): Telemetry => ({
    logger: log.forService(service),
    metrics: registry.forService(service),
    tracer: tracing.forService(service),
    forModule: view,
    serveMetrics: (address) =>
      serveMetrics(
        (format) => writeExposition({ registry, process: processMetrics, service: options.service }, format),
        address,
      ),
    flush,
    shutdown,
  });
  return view(options.service);
}

const NO_TRACING: Tracing = { forService: () => NO_TRACER, flush: async () => {}, shutdown: async () => {} };

async function openTracing(options: TelemetryOptions, logger: Logger): Promise<Tracing> {
  if (!options.otlpEndpoint) return NO_TRACING;
  const { openOtlpTracing } = await import("./otlp-tracing.ts");
  return openOtlpTracing({ ...options, otlpEndpoint: options.otlpEndpoint, logger });
}
