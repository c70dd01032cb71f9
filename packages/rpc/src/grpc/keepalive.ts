/** How a silent connection is found dead: after `intervalMs` without data a ping is sent, answered within `timeoutMs`. */
export interface KeepaliveTimes {
  /** Default 20,000 ms. */
  readonly intervalMs?: number;
  /** Default 5,000 ms. */
  readonly timeoutMs?: number;
}

/** The grpc-js options, the same for both sides. */
export function keepaliveOptions(times: KeepaliveTimes | undefined) {
  const { intervalMs = 20_000, timeoutMs = 5_000 } = times ?? {};
  return { "grpc.keepalive_time_ms": intervalMs, "grpc.keepalive_timeout_ms": timeoutMs };
}
