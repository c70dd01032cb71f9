/** How many calls may be in the system at once. */
export interface ConcurrencyLimits {
  /** The limit; in adaptive mode its upper bound. Default 1,024. */
  readonly limit?: number;
  /** Lets the limit follow the load. Absent: it is fixed. */
  readonly adaptive?: AdaptiveLimit;
  /** Milliseconds, monotonic. Default `performance.now`. */
  readonly now?: () => number;
}

/** See `createConcurrencyLimiter`. */
export interface AdaptiveLimit {
  /** The limit never falls below this: room for bursts after quiet times, and for long streams. */
  readonly minimum: number;
  /** How long a call may spend in the system, in milliseconds, when all places are taken: half of what it will be. */
  readonly targetMs: number;
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
// Twice what the target needs, so that the limit can grow when more could be served.
const HEADROOM = 2;
// The throughput known to be possible fades slowly, so that a quiet second does not make the next one shed.
const FADING = 0.9;

/**
 * A concurrency limit that follows Little's law: calls in flight = arrival rate × time in system.
 *
 * In adaptive mode the rate at which calls leave is measured once a second, and the limit becomes
 * 2 × rate × target time, within its bounds. Below the capacity calls leave as fast as they come and faster than the
 * target, so the limit is never reached. Above it the rate stays at the capacity, and so the limit keeps the time in
 * system at twice the target: what would only wait longer is refused. No latency is compared with a "best" one, which
 * under lasting overload cannot be measured.
 */
export function createConcurrencyLimiter(limits: ConcurrencyLimits = {}): ConcurrencyLimiter {
  return new LittleLimiter(limits);
}

class LittleLimiter implements ConcurrencyLimiter {
  inFlight = 0;
  limit: number;
  readonly #maximum: number;
  readonly #adaptive: AdaptiveLimit | undefined;
  readonly #now: () => number;
  #windowStart: number;
  #finished = 0;
  #latencySum = 0;
  #rate = 0;
  #meanLatency = 100;

  constructor({ limit = 1_024, adaptive, now = () => performance.now() }: ConcurrencyLimits) {
    this.limit = limit;
    this.#maximum = limit;
    this.#adaptive = adaptive;
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
    this.#rate = Math.max(this.#finished / seconds, this.#rate * FADING);
    if (this.#adaptive !== undefined) this.#adapt(this.#adaptive);
    this.#windowStart = now;
    this.#finished = 0;
    this.#latencySum = 0;
  }

  #adapt({ minimum, targetMs }: AdaptiveLimit): void {
    const wanted = Math.ceil(HEADROOM * this.#rate * (targetMs / 1000));
    this.limit = Math.min(this.#maximum, Math.max(minimum, wanted));
  }
}
