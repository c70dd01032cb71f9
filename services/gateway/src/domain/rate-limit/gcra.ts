import type { RateDecision, RateLimit } from "./rate-limit-store.ts";

/**
 * The generic cell rate algorithm: a subject is one number, its theoretical arrival time (TAT): when everything
 * admitted so far would have been admitted at the sustained rate. A request is admitted when its TAT lies no more
 * than the burst ahead of the clock.
 * https://en.wikipedia.org/wiki/Generic_cell_rate_algorithm (virtual scheduling)
 */
export interface GcraResult extends RateDecision {
  /** The subject's TAT after this request, in milliseconds since the epoch. */
  readonly tat: number;
}

/** Decides about one request at `now`. A subject never seen before has TAT 0. */
export function decide(tat: number, now: number, limit: RateLimit): GcraResult {
  const interval = 60_000 / limit.requestsPerMinute;
  const tolerance = interval * limit.burst;
  // No TAT is further ahead than the tolerance unless the clock went back: then the burst counts as used up.
  const from = Math.min(Math.max(tat, now), now + tolerance);
  const next = from + interval;
  const admitted = next - now <= tolerance + ROUNDING_MS;
  const ahead = (admitted ? next : from) - now;
  const remaining = Math.max(0, Math.floor((tolerance - ahead + ROUNDING_MS) / interval));
  return {
    admitted,
    remaining,
    resetMs: ahead,
    retryAfterMs: remaining > 0 ? 0 : Math.max(0, ahead + interval - tolerance),
    tat: admitted ? next : from,
  };
}

// Sums of intervals are not exact in doubles (60,000 / 7 × 7 ≠ 60,000): a thousandth of a millisecond of grace.
const ROUNDING_MS = 0.001;
