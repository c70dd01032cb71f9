import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CallLimiter } from "./call-limiter.ts";

describe("the limit of calls under way", () => {
  it("is never exceeded, and everybody gets a turn in order, whatever fails or is given up", async () => {
    const caller = fc.record({ fails: fc.boolean(), givesUp: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 4 }), fc.array(caller, { maxLength: 20 }), async (limit, callers) => {
        const limiter = new CallLimiter(limit);
        let underWay = 0;
        let most = 0;
        const begun: number[] = [];
        const calls = callers.map(({ fails, givesUp }, index) => {
          const controller = new AbortController();
          const call = limiter.run(controller.signal, async () => {
            begun.push(index);
            underWay += 1;
            most = Math.max(most, underWay);
            await new Promise((resolve) => setImmediate(resolve));
            underWay -= 1;
            if (fails) throw new Error("failed");
          });
          if (givesUp) controller.abort(new Error("gave up"));
          return call;
        });
        await Promise.allSettled(calls);
        expect(most).toBeLessThanOrEqual(limit);
        expect(begun).toEqual(begun.toSorted((a, b) => a - b));
        for (const [index, { givesUp }] of callers.entries()) if (!givesUp) expect(begun).toContain(index);
        // All places are free again.
        let free = 0;
        const all = Array.from({ length: limit }, () =>
          limiter.run(new AbortController().signal, async () => {
            free += 1;
          }),
        );
        expect(free).toBe(limit);
        await Promise.all(all);
      }),
    );
  });
});
