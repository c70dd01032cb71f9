import {
  type Context,
  type ContextManager,
  context,
  DiagLogLevel,
  diag,
  logs,
  type Span as OtelSpan,
  SpanKind as OtelSpanKind,
  type Tracer as OtelTracer,
  type ProxyTracerProvider,
  ROOT_CONTEXT,
  SpanStatusCode,
  type TracerProvider,
  trace,
} from "@opentelemetry/api";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import { NodeSDK } from "@opentelemetry/sdk-node";
import type { Logger } from "./logger.ts";
import { attributes as names } from "./names.ts";
import { parentBasedRatioSampler } from "./sampler.ts";
import {
  type Attributes,
  errorType,
  type Span,
  type SpanKind,
  type SpanOptions,
  type Tracer,
  type Tracing,
} from "./span.ts";
import { formatTraceparent, parseTraceparent } from "./traceparent.ts";

/** What tracing over OTLP needs. */
export interface OtlpTracingOptions {
  readonly service: string;
  readonly otlpEndpoint: string;
  readonly otlpHeaders?: Readonly<Record<string, string>> | undefined;
  readonly sampleRatio?: number | undefined;
  readonly resource?: Readonly<Record<string, string>> | undefined;
  /** Told when spans cannot be exported, at most once a minute. */
  readonly logger: Logger;
}

// A collector that does not answer must not hold up the end of the process.
const SHUTDOWN_TIMEOUT_MS = 3_000;

/** Starts the SDK. Loaded lazily: it costs about 300 ms and 20 MB. */
export function openOtlpTracing(options: OtlpTracingOptions): Tracing {
  reportFaults(options.logger);
  const sdk = startSdk(options);
  const provider = takeProvider();
  const tracer = provider.getTracer("agentmesh");
  return {
    forService: (service) => new OtlpTracer(tracer, service),
    flush: () => settled(provider.forceFlush?.() ?? Promise.resolve()),
    shutdown: () => settled(sdk.shutdown()),
  };
}

function settled(work: Promise<unknown>): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, SHUTDOWN_TIMEOUT_MS);
    const done = () => {
      clearTimeout(timer);
      resolve();
    };
    work.then(done, done);
  });
}

function startSdk({ service, otlpEndpoint, otlpHeaders, sampleRatio = 1, resource = {} }: OtlpTracingOptions): NodeSDK {
  const sdk = new NodeSDK({
    serviceName: service,
    resourceDetectors: [{ detect: () => ({ attributes: resource }) }],
    sampler: parentBasedRatioSampler(sampleRatio),
    traceExporter: new OTLPTraceExporter({
      url: tracesUrl(otlpEndpoint),
      ...(otlpHeaders ? { headers: { ...otlpHeaders } } : {}),
    }),
    // Metrics and logs have their own ways out; without these the SDK would read the environment and export both.
    metricReaders: [],
    logRecordProcessors: [],
    instrumentations: [],
    textMapPropagator: null,
    contextManager: NO_AMBIENT_CONTEXT,
  });
  sdk.start();
  context.disable();
  logs.disable();
  return sdk;
}

// Parents are passed explicitly; the SDK's default would track every asynchronous call of the process.
const NO_AMBIENT_CONTEXT: ContextManager = {
  active: () => ROOT_CONTEXT,
  with: (_context, run, thisArg, ...args) => run.call(thisArg as never, ...args),
  bind: (_context, target) => target,
  enable: () => NO_AMBIENT_CONTEXT,
  disable: () => NO_AMBIENT_CONTEXT,
};

interface FlushableProvider extends TracerProvider {
  /** Absent when OTEL_SDK_DISABLED took the provider away. */
  forceFlush?(): Promise<void>;
}

// The SDK offers its provider only as a global. We take it and leave no global behind, so that two
// telemetries in one process (tests) do not share an exporter.
function takeProvider(): FlushableProvider {
  const provider = (trace.getTracerProvider() as ProxyTracerProvider).getDelegate() as FlushableProvider;
  trace.disable();
  return provider;
}

// The SDK tells of failed exports only through its global diagnostics.
function reportFaults(logger: Logger): void {
  let quietUntil = 0;
  const report = (text: string) => {
    if (Date.now() < quietUntil) return;
    quietUntil = Date.now() + 60_000;
    logger.warn("Traces could not be exported.", { cause: faultOf(text) });
  };
  const ignore = () => {};
  const faults = { error: report, warn: ignore, info: ignore, debug: ignore, verbose: ignore };
  diag.setLogger(faults, { logLevel: DiagLogLevel.ERROR, suppressOverrideMessage: true });
}

function faultOf(text: string): string {
  try {
    const { code, message, name } = JSON.parse(text) as { code?: string; message?: string; name?: string };
    return String(code ?? message ?? name ?? "unknown").slice(0, 200);
  } catch {
    return (text.split("\n", 1)[0] ?? "").slice(0, 200);
  }
}

function tracesUrl(endpoint: string): string {
  const base = endpoint.replace(/\/+$/, "");
  return base.endsWith("/v1/traces") ? base : `${base}/v1/traces`;
}

const KINDS: Readonly<Record<SpanKind, OtelSpanKind>> = {
  server: OtelSpanKind.SERVER,
  client: OtelSpanKind.CLIENT,
  internal: OtelSpanKind.INTERNAL,
};

class OtlpTracer implements Tracer {
  readonly enabled = true;
  private readonly tracer: OtelTracer;
  private readonly service: string;

  constructor(tracer: OtelTracer, service: string) {
    this.tracer = tracer;
    this.service = service;
  }

  start(name: string, { kind, parent, traceparent, attributes }: SpanOptions): Span {
    const span = this.tracer.startSpan(
      name,
      { kind: KINDS[kind], attributes: { [names.module]: this.service, ...(attributes as object) } },
      parentContext(parent, traceparent),
    );
    return new OtlpSpan(span);
  }
}

function parentContext(parent: Span | undefined, traceparent: string | undefined): Context {
  if (parent instanceof OtlpSpan) return trace.setSpan(ROOT_CONTEXT, parent.inner);
  const remote = parseTraceparent(traceparent);
  if (!remote) return ROOT_CONTEXT;
  const { traceId, spanId, sampled } = remote;
  return trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags: sampled ? 1 : 0, isRemote: true });
}

class OtlpSpan implements Span {
  readonly traceId: string;
  readonly spanId: string;
  readonly recording: boolean;
  readonly inner: OtelSpan;

  constructor(inner: OtelSpan) {
    const context = inner.spanContext();
    this.inner = inner;
    this.traceId = context.traceId;
    this.spanId = context.spanId;
    this.recording = inner.isRecording();
  }

  traceparent(): string {
    return formatTraceparent({ traceId: this.traceId, spanId: this.spanId, sampled: this.recording });
  }

  set(attributes: Attributes): void {
    if (!this.recording) return;
    for (const name in attributes) {
      const value = attributes[name];
      if (value !== undefined) this.inner.setAttribute(name, value as string);
    }
  }

  fail(error: unknown): void {
    if (!this.recording) return;
    this.inner.setAttribute(names.errorType, errorType(error));
    this.inner.setStatus({ code: SpanStatusCode.ERROR });
  }

  end(): void {
    if (this.inner.isRecording()) this.inner.end();
  }
}
