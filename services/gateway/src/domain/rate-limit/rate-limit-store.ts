/** How often a subject may be admitted. */
export interface RateLimit {
  /** Sustained rate, 1 to 1,000,000. */
  readonly requestsPerMinute: number;
  /** Most requests at once after a pause; at least 1. */
  readonly burst: number;
}

/** What became of one request. Times are milliseconds from now. */
export interface RateDecision {
  readonly admitted: boolean;
  /** Requests that would be admitted right now, after this one. */
  readonly remaining: number;
  /** Until the whole burst may be used again. */
  readonly resetMs: number;
  /** Until one more request is admitted; 0 when `remaining` is not 0. */
  readonly retryAfterMs: number;
}

/**
 * Counts requests per subject. Decides on its own clock, so that all replicas that share it agree.
 * Promise: in any span of time t it admits at most burst + rate × t, also across a crash; a refused request
 * consumes nothing.
 */
export interface RateLimitStore {
  take(subject: string, limit: RateLimit): Promise<RateDecision>;
}
