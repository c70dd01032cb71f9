import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type FailureKind, ProviderFailure } from "./provider-failure.ts";
import { RETRY_POLICY, type RetrySituation, waitBeforeRetry } from "./retry.ts";

const first: RetrySituation = { tries: 1, delivered: false, now: 0, deadline: 60_000, random: 0.5 };
const fail = (kind: FailureKind, status?: number, retryAfterMs?: number) =>
  new ProviderFailure(kind, "it failed", { status, retryAfterMs, worked: false });

const failures = fc.record({
  kind: fc.constantFrom<FailureKind>(
    "connect",
    "reset",
    "rate_limited",
    "unavailable",
    "rejected",
    "timeout",
    "protocol",
  ),
  status: fc.option(fc.integer({ min: 400, max: 599 }), { nil: undefined }),
  retryAfterMs: fc.option(fc.nat(120_000), { nil: undefined }),
});
const situations = fc.record({
  tries: fc.integer({ min: 1, max: 5 }),
  delivered: fc.boolean(),
  now: fc.nat(100_000),
  deadline: fc.nat(200_000),
  random: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
});

describe("the retry rule", () => {
  it.each([429, 500, 502, 503, 504])("repeats after HTTP %i", (status) => {
    const kind = status === 429 ? "rate_limited" : "unavailable";
    expect(waitBeforeRetry(fail(kind, status), first)).toBe(150);
  });

  it.each([fail("connect"), fail("reset")])(
    "repeats when the connection was lost before an answer ($kind)",
    (failure) => {
      expect(waitBeforeRetry(failure, first)).toBe(150);
    },
  );

  it.each([
    fail("rejected", 400),
    fail("unavailable", 501),
    fail("too_long", 400),
    fail("timeout"),
    fail("protocol"),
    fail("cancelled"),
    fail("unavailable"),
  ])("does not repeat what may have been worked on or fails again ($kind $status)", (failure) => {
    expect(waitBeforeRetry(failure, first)).toBeUndefined();
  });

  it("waits longer each time, and at least as long as Retry-After says", () => {
    expect(waitBeforeRetry(fail("reset"), { ...first, tries: 2 })).toBe(300);
    expect(waitBeforeRetry(fail("rate_limited", 429, 3_000), first)).toBe(3_050);
  });

  it("does not wait longer than the caller has, or than is sensible", () => {
    expect(waitBeforeRetry(fail("rate_limited", 429, 3_000), { ...first, deadline: 3_000 })).toBeUndefined();
    expect(waitBeforeRetry(fail("rate_limited", 429, 31_000), first)).toBeUndefined();
  });

  it("never repeats after something was delivered, after the last try, or past the deadline", () => {
    fc.assert(
      fc.property(failures, situations, ({ kind, status, retryAfterMs }, situation) => {
        const wait = waitBeforeRetry(fail(kind, status, retryAfterMs), situation);
        if (wait === undefined) return;
        expect(situation.delivered).toBe(false);
        expect(situation.tries).toBeLessThan(RETRY_POLICY.maxTries);
        expect(situation.now + wait).toBeLessThanOrEqual(situation.deadline);
        expect(wait).toBeGreaterThanOrEqual(retryAfterMs ?? 0);
        expect(wait).toBeLessThanOrEqual(RETRY_POLICY.maxRetryAfterMs + RETRY_POLICY.maxBackoffMs);
      }),
    );
  });
});
