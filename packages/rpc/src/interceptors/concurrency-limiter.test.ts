import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createConcurrencyLimiter } from "./concurrency-limiter.ts";

/** A service with a fixed number of workers, fed at a fixed rate; calls beyond the workers queue inside it. */
function simulate(options: {
  arrivalsPerSecond: number;
  workers: number;
  serviceMs: number;
  seconds: number;
  maximum: number;
}) {
  let now = 0;
  const limiter = createConcurrencyLimiter({
    limit: options.maximum,
    adaptive: { minimum: 4, targetMs: 100 },
    now: () => now,
  });
  const free = Array.from({ length: options.workers }, () => 0);
  const running: { readonly start: number; readonly end: number }[] = [];
  let refused = 0;
  for (let arrival = 0; arrival < options.seconds * options.arrivalsPerSecond; arrival++) {
    now = (arrival * 1000) / options.arrivalsPerSecond;
    for (const call of running.filter(({ end }) => end <= now)) limiter.release(call.end - call.start);
    running.splice(0, running.length, ...running.filter(({ end }) => end > now));
    if (!limiter.acquire()) {
      refused++;
      continue;
    }
    const worker = free.indexOf(Math.min(...free));
    const end = Math.max(now, free[worker]!) + options.serviceMs;
    free[worker] = end;
    running.push({ start: now, end });
  }
  return { limiter, refused, inFlight: running.length };
}

describe("the concurrency limit", () => {
  it("is never exceeded, and every place comes back, whatever the order of calls", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 20 }), fc.array(fc.boolean(), { maxLength: 200 }), (limit, steps) => {
        const limiter = createConcurrencyLimiter({ limit });
        let held = 0;
        for (const arrives of steps) {
          if (arrives) {
            const admitted = limiter.acquire();
            expect(admitted).toBe(held < limit);
            if (admitted) held++;
          } else if (held > 0) {
            limiter.release(1);
            held--;
          }
          expect(limiter.inFlight).toBe(held);
        }
      }),
    );
  });

  it("stays as it was set without adaptive mode", () => {
    const limiter = createConcurrencyLimiter({ limit: 8 });
    for (let call = 0; call < 100; call++) {
      limiter.acquire();
      limiter.release(50);
    }
    expect(limiter.limit).toBe(8);
  });

  it("admits everything below the capacity", () => {
    expect(simulate({ arrivalsPerSecond: 300, workers: 8, serviceMs: 20, seconds: 20, maximum: 1000 }).refused).toBe(0);
  });

  it("keeps the time in system at twice the target above the capacity, by Little's law, and refuses the rest", () => {
    const { limiter, refused, inFlight } = simulate({
      arrivalsPerSecond: 2_000,
      workers: 8,
      serviceMs: 20,
      seconds: 10,
      maximum: 1000,
    });
    const capacity = 8 / 0.02;
    expect(limiter.limit).toBeGreaterThan(capacity * 0.2 * 0.9);
    expect(limiter.limit).toBeLessThan(capacity * 0.2 * 1.2);
    expect(inFlight).toBeLessThanOrEqual(limiter.limit);
    expect(refused).toBeGreaterThan(10_000);
  });

  it("tells refused callers to come back within bounds", () => {
    const limiter = createConcurrencyLimiter({ limit: 1 });
    expect(limiter.retryAfterMs).toBeGreaterThanOrEqual(100);
    expect(limiter.retryAfterMs).toBeLessThanOrEqual(5_000);
  });
});
