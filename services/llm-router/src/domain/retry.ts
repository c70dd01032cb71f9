import type { FailureKind, ProviderFailure } from "./provider-failure.ts";

/** How often and how long. Times are milliseconds. */
export interface RetryPolicy {
  readonly maxTries: number;
  /** Upper end of the first wait; it doubles with every try. */
  readonly baseMs: number;
  readonly maxBackoffMs: number;
  /** A longer Retry-After is not waited for: the caller hears of it instead. */
  readonly maxRetryAfterMs: number;
}

/** The one rule of this mesh: retries of providers happen here and nowhere else. */
export const RETRY_POLICY: RetryPolicy = { maxTries: 3, baseMs: 200, maxBackoffMs: 2_000, maxRetryAfterMs: 30_000 };

/** Where a call stands when a try has failed. */
export interface RetrySituation {
  /** Tries made so far, 1 after the first. */
  readonly tries: number;
  /** Whether something of the answer has reached the caller: then nothing is ever tried again. */
  readonly delivered: boolean;
  /** Now and when the call must be over, epoch milliseconds. */
  readonly now: number;
  readonly deadline: number;
  /** From 0 up to but not including 1. */
  readonly random: number;
}

const RETRYABLE_STATUS = new Set([429, 500, 502, 503, 504]);
const TRANSIENT_KINDS: ReadonlySet<FailureKind> = new Set(["connect", "reset"]);

/** Whether the same request may succeed soon: 429, 500, 502, 503, 504, or a connection lost before an answer began. */
export function isTransient(failure: ProviderFailure): boolean {
  if (failure.status !== undefined && (failure.kind === "rate_limited" || failure.kind === "unavailable")) {
    return RETRYABLE_STATUS.has(failure.status);
  }
  return TRANSIENT_KINDS.has(failure.kind);
}

/**
 * How long to wait before the next try, or undefined when there must be none: a permanent failure, too many tries,
 * something already delivered, or no time left. Retry-After is a lower bound; otherwise the wait grows exponentially
 * with "equal jitter" (half fixed, half random), so that callers who failed together do not return together.
 */
export function waitBeforeRetry(
  failure: ProviderFailure,
  situation: RetrySituation,
  policy: RetryPolicy = RETRY_POLICY,
): number | undefined {
  if (situation.delivered || situation.tries >= policy.maxTries || !isTransient(failure)) return undefined;
  const ceiling = Math.min(policy.maxBackoffMs, policy.baseMs * 2 ** (situation.tries - 1));
  const asked = failure.retryAfterMs;
  if (asked !== undefined && asked > policy.maxRetryAfterMs) return undefined;
  const wait =
    asked === undefined ? ceiling / 2 + (situation.random * ceiling) / 2 : asked + (situation.random * ceiling) / 2;
  return situation.now + wait < situation.deadline ? Math.ceil(wait) : undefined;
}
