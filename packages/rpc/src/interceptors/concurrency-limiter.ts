/** How many calls may be in the system at once. */
export interface ConcurrencyLimits {
  /** The limit, and in adaptive mode its upper bound. Default 1,024. */
  readonly limit?: number;
  /** Adaptive mode: the limit never falls below this. Absent: the limit is fixed. */
  readonly adaptiveMinimum?: number;
  /** Milliseconds, monotonic. Default `performance.now`. */
  readonly now?: () => number;
}

/** Admits calls up to a limit. Streams count for as long as they are open. */
export interface ConcurrencyLimiter {
  /** @returns false when the call is to be refused; true obliges to `release` it */
  acquire(): boolean;
  /** @param milliseconds the time that the call spent in the system */
  release(milliseconds: number): void;
  readonly inFlight: number;
  readonly limit: number;
  /** When a refused caller should come back: about when a place will be free, 100 ms to 5 s. */
  readonly retryAfterMs: number;
}

const WINDOW_MS = 1_000;
// Twice what the measured throughput needs: room for bursts, and for the limit to grow when more could be served.
const HEADROOM = 2;
// The base latency may rise by this much per window, so that a service that has become slower is not shed for ever.
const BASE_DRIFT = 1.05;

/**
 * A concurrency limit that follows Little's law: calls in flight = arrival rate × time in system.
 *
 * In adaptive mode, once a second: throughput X (calls that left per second) and mean latency W of the window are
 * measured, the smallest W of recent windows is taken as the time in system without queueing, and the limit becomes
 * 2 × X × W_smallest within its bounds. Under overload X stays at the capacity and W grows by the queue: what is in
 * flight beyond X × W_smallest only waits, and is refused instead.
 */
export function createConcurrencyLimiter(limits: ConcurrencyLimits = {}): ConcurrencyLimiter {
  return new LittleLimiter(limits);
}

class LittleLimiter implements ConcurrencyLimiter {
  inFlight = 0;
  limit: number;
  readonly #maximum: number;
  readonly #minimum: number | undefined;
  readonly #now: () => number;
  #windowStart: number;
  #finished = 0;
  #latencySum = 0;
  #baseLatency = Number.POSITIVE_INFINITY;
  #meanLatency = 100;

  constructor({ limit = 1_024, adaptiveMinimum, now = () => performance.now() }: ConcurrencyLimits) {
    this.limit = limit;
    this.#maximum = limit;
    this.#minimum = adaptiveMinimum === undefined ? undefined : Math.min(adaptiveMinimum, limit);
    this.#now = now;
    this.#windowStart = now();
  }

  get retryAfterMs(): number {
    return Math.round(Math.min(5_000, Math.max(100, this.#meanLatency)));
  }

  acquire(): boolean {
    if (this.inFlight >= this.limit) return false;
    this.inFlight++;
    return true;
  }

  release(milliseconds: number): void {
    this.inFlight--;
    this.#finished++;
    this.#latencySum += milliseconds;
    const now = this.#now();
    if (now - this.#windowStart >= WINDOW_MS) this.#closeWindow(now);
  }

  #closeWindow(now: number): void {
    const seconds = (now - this.#windowStart) / 1000;
    this.#meanLatency = this.#latencySum / this.#finished;
    this.#baseLatency = Math.min(this.#meanLatency, this.#baseLatency * BASE_DRIFT);
    const throughput = this.#finished / seconds;
    if (this.#minimum !== undefined) this.#adapt(throughput, this.#minimum);
    this.#windowStart = now;
    this.#finished = 0;
    this.#latencySum = 0;
  }

  #adapt(throughput: number, minimum: number): void {
    const needed = Math.ceil(HEADROOM * throughput * (this.#baseLatency / 1000));
    this.limit = Math.min(this.#maximum, Math.max(minimum, needed));
  }
}
