import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decide } from "./gcra.ts";

const limits = fc.record({
  requestsPerMinute: fc.integer({ min: 1, max: 100_000 }),
  burst: fc.integer({ min: 1, max: 50 }),
});
const pauses = fc.array(fc.integer({ min: 0, max: 5_000 }), { minLength: 1, maxLength: 200 });

describe("the rate limit", () => {
  it("never admits more than burst + rate × t in any span of a schedule", () => {
    fc.assert(
      fc.property(limits, pauses, (limit, schedule) => {
        let [now, tat] = [1_000_000, 0];
        const admitted: number[] = [];
        for (const pause of schedule) {
          now += pause;
          const decision = decide(tat, now, limit);
          tat = decision.tat;
          if (decision.admitted) admitted.push(now);
        }
        for (const [first, from] of admitted.entries()) {
          for (let last = first; last < admitted.length; last++) {
            const span = admitted[last]! - from;
            expect(last - first + 1).toBeLessThanOrEqual(
              limit.burst + (span * limit.requestsPerMinute) / 60_000 + 1e-3,
            );
          }
        }
      }),
    );
  });

  it("lets refused requests consume nothing", () => {
    fc.assert(
      fc.property(limits, fc.integer({ min: 1, max: 50 }), (limit, knocks) => {
        let tat = 0;
        for (let used = 0; used < limit.burst; used++) tat = decide(tat, 0, limit).tat;
        for (let knock = 0; knock < knocks; knock++) {
          const refused = decide(tat, 0, limit);
          expect(refused.admitted).toBe(false);
          expect(refused.tat).toBeCloseTo(tat, 6);
        }
      }),
    );
  });

  it("admits exactly when it said it would", () => {
    fc.assert(
      fc.property(limits, (limit) => {
        let tat = 0;
        for (let used = 0; used < limit.burst; used++) tat = decide(tat, 0, limit).tat;
        const { retryAfterMs } = decide(tat, 0, limit);
        expect(decide(tat, retryAfterMs, limit).admitted).toBe(true);
        expect(decide(tat, retryAfterMs * 0.99 - 0.01, limit).admitted).toBe(false);
      }),
    );
  });

  it("says how many more it would admit right now", () => {
    fc.assert(
      fc.property(limits, fc.integer({ min: 0, max: 100 }), (limit, uses) => {
        let tat = 0;
        for (let used = 0; used < uses; used++) tat = decide(tat, 0, limit).tat;
        const { remaining, admitted } = decide(tat, 0, limit);
        expect(remaining).toBe(admitted ? limit.burst - uses - 1 : 0);
      }),
    );
  });

  it("refuses no longer than a full burst takes when the clock goes back by hours", () => {
    const limit = { requestsPerMinute: 60, burst: 10 };
    const { retryAfterMs } = decide(1e12 + 3_600_000, 1e12, limit);
    expect(retryAfterMs).toBeLessThanOrEqual(1_000);
  });
});
