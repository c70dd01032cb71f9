import {
  type Context,
  type ContextManager,
  context,
  type Span as OtelSpan,
  SpanKind as OtelSpanKind,
  type Tracer as OtelTracer,
  type ProxyTracerProvider,
  ROOT_CONTEXT,
  SpanStatusCode,
  trace,
} from "@opentelemetry/api";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import { NodeSDK } from "@opentelemetry/sdk-node";
import { attributes as names } from "./names.ts";
import { parentBasedRatioSampler } from "./sampler.ts";
import { type Attributes, errorType, type Span, type SpanKind, type SpanOptions, type Tracer } from "./span.ts";
import { formatTraceparent, parseTraceparent } from "./traceparent.ts";

/** What tracing over OTLP needs. */
export interface OtlpTracingOptions {
  readonly service: string;
  readonly otlpEndpoint: string;
  readonly otlpHeaders?: Readonly<Record<string, string>> | undefined;
  readonly sampleRatio?: number | undefined;
  readonly resource?: Readonly<Record<string, string>> | undefined;
}

/** Starts the SDK. Loaded lazily: it costs about 300 ms and 20 MB. */
export function openOtlpTracing(options: OtlpTracingOptions) {
  const sdk = startSdk(options);
  const tracer = takeTracer();
  return {
    forService: (service: string): Tracer => new OtlpTracer(tracer, service),
    shutdown: () => sdk.shutdown(),
  };
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

// The SDK offers its provider only as a global. We take it and leave no global behind, so that two
// telemetries in one process (tests) do not share an exporter.
function takeTracer(): OtelTracer {
  const provider = (trace.getTracerProvider() as ProxyTracerProvider).getDelegate();
  trace.disable();
  return provider.getTracer("agentmesh");
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
