/** What a span attribute may hold. Never prompts, answers, arguments or secrets. */
export type AttributeValue = string | number | boolean | readonly string[];
/** Attributes by name (names in `names.ts`); undefined values are skipped. */
export type Attributes = Readonly<Record<string, AttributeValue | undefined>>;
/** Whether a span answers a call, makes one, or works inside the process. */
export type SpanKind = "server" | "client" | "internal";

/** One timed step of a trace. Parents are passed explicitly; there is no ambient context. */
export interface Span {
  /** 32 hex digits; empty on the no-op span. */
  readonly traceId: string;
  /** 16 hex digits; empty on the no-op span. */
  readonly spanId: string;
  /** False when nothing is kept: skip the work of computing attributes. */
  readonly recording: boolean;
  /** The W3C header for a call made inside this span; empty on the no-op span: then send no header. */
  traceparent(): string;
  /** Adds or replaces attributes. */
  set(attributes: Attributes): void;
  /** Marks the span as failed. Only the error's reason, code or class is recorded, never its message or stack. */
  fail(error: unknown): void;
  /** Ends the span; further calls do nothing. */
  end(): void;
}

/** How a span is started. */
export interface SpanOptions {
  readonly kind: SpanKind;
  /** The span this one is part of, in this process. Wins over `traceparent`. */
  readonly parent?: Span | undefined;
  /** The caller's header, when the parent is in another process. An invalid one starts a new trace. */
  readonly traceparent?: string | undefined;
  readonly attributes?: Attributes | undefined;
}

/** Starts spans. Without an exporter every span is the constant `NO_SPAN`. */
export interface Tracer {
  /** False when no exporter is configured. */
  readonly enabled: boolean;
  start(name: string, options: SpanOptions): Span;
}

/** Tracers per service over one exporter. */
export interface Tracing {
  forService(service: string): Tracer;
  /** Sends ended spans now. Never rejects. */
  flush(): Promise<void>;
  /** Sends ended spans and stops. Never rejects. */
  shutdown(): Promise<void>;
}

/** The span that records nothing. A constant, so that tracing costs nothing when it is off. */
export const NO_SPAN: Span = Object.freeze({
  traceId: "",
  spanId: "",
  recording: false,
  traceparent: () => "",
  set: () => {},
  fail: () => {},
  end: () => {},
});

/** The tracer used when no exporter is configured. */
export const NO_TRACER: Tracer = Object.freeze({ enabled: false, start: () => NO_SPAN });

/** A short, stable name for an error: its reason, its code, its class. Never its message. */
export function errorType(error: unknown): string {
  if (typeof error !== "object" || error === null) return typeof error;
  const { reason, code, name } = error as { reason?: unknown; code?: unknown; name?: unknown };
  for (const candidate of [reason, code, name]) {
    if (typeof candidate === "string" && candidate !== "") return candidate;
  }
  return "Error";
}
