/** The identity of a remote span as the W3C header `traceparent` carries it. */
export interface TraceContext {
  /** 32 lower-case hex digits, not all zero. */
  readonly traceId: string;
  /** 16 lower-case hex digits, not all zero. */
  readonly spanId: string;
  /** Whether the caller records this trace. */
  readonly sampled: boolean;
}

const PATTERN = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
const NO_TRACE = "0".repeat(32);
const NO_PARENT = "0".repeat(16);

/**
 * Reads a `traceparent` header (https://www.w3.org/TR/trace-context/#traceparent-header).
 * Returns undefined for anything invalid: a broken header starts a new trace, it never fails a call.
 */
export function parseTraceparent(header: string | undefined | null): TraceContext | undefined {
  if (!header || header.length > 512) return undefined;
  const match = PATTERN.exec(header);
  if (!match) return undefined;
  const [, version, traceId = "", spanId = "", flags = "00", rest] = match;
  // Version ff is forbidden; version 00 ends after the flags, later versions may go on.
  if (version === "ff" || (version === "00" && rest !== undefined)) return undefined;
  if (traceId === NO_TRACE || spanId === NO_PARENT) return undefined;
  return { traceId, spanId, sampled: (Number.parseInt(flags, 16) & 1) === 1 };
}

/** Writes the header for a call made inside the given span. */
export function formatTraceparent(context: TraceContext): string {
  return `00-${context.traceId}-${context.spanId}-${context.sampled ? "01" : "00"}`;
}
