import { openDatabase } from "@agentmesh/state";
import { describeContract, temporaryDirectory } from "@agentmesh/state/testing";
import fc from "fast-check";
import { describe, expect, it, onTestFinished } from "vitest";
import { migrations } from "../../adapters/sqlite/migrations.ts";
import { SqliteRateLimitStore } from "../../adapters/sqlite/sqlite-rate-limit-store.ts";
import type { RateLimitStore } from "./rate-limit-store.ts";

interface Clocked {
  readonly store: RateLimitStore;
  readonly clock: { now: number };
}

const openSqlite = (file: string, clock: { now: number }) => {
  const database = openDatabase({ file, synchronous: "normal", migrations });
  return { database, store: new SqliteRateLimitStore({ database, clock: () => clock.now }) };
};

const sqlite = {
  name: "sqlite",
  async open() {
    const clock = { now: 1e12 };
    const { database, store } = openSqlite(":memory:", clock);
    return { store: { store, clock }, close: () => database.close() };
  },
};

const limit = { requestsPerMinute: 60, burst: 5 };

describeContract<Clocked>("rate limit store", [sqlite], (open) => {
  it("admits the burst at once, then one each interval", async () => {
    const { store, clock } = await open();
    const first = await Promise.all(Array.from({ length: 20 }, () => store.take("k", limit)));
    expect(first.filter(({ admitted }) => admitted)).toHaveLength(5);
    clock.now += 1_000;
    expect((await store.take("k", limit)).admitted).toBe(true);
    expect((await store.take("k", limit)).admitted).toBe(false);
  });

  it("counts each subject alone", async () => {
    const { store } = await open();
    for (let used = 0; used < 5; used++) await store.take("a", limit);
    expect((await store.take("a", limit)).admitted).toBe(false);
    expect((await store.take("b", limit)).admitted).toBe(true);
  });

  it("tells what is left, when the burst is whole again and when to come back", async () => {
    const { store } = await open();
    expect(await store.take("k", limit)).toMatchObject({
      admitted: true,
      remaining: 4,
      resetMs: 1_000,
      retryAfterMs: 0,
    });
    for (let used = 0; used < 4; used++) await store.take("k", limit);
    expect(await store.take("k", limit)).toMatchObject({
      admitted: false,
      remaining: 0,
      resetMs: 5_000,
      retryAfterMs: 1_000,
    });
  });

  it("follows a limit that changes", async () => {
    const { store } = await open();
    for (let used = 0; used < 5; used++) await store.take("k", limit);
    expect((await store.take("k", { requestsPerMinute: 6_000, burst: 1_000 })).admitted).toBe(true);
  });

  it("never admits more than burst + rate × t, whatever comes at once", async () => {
    const schedules = fc.array(
      fc.record({ pause: fc.integer({ min: 0, max: 3_000 }), at: fc.integer({ min: 1, max: 9 }) }),
      {
        minLength: 1,
        maxLength: 30,
      },
    );
    const { store, clock } = await open();
    let subject = 0;
    await fc.assert(
      fc.asyncProperty(schedules, async (schedule) => {
        subject += 1;
        const started = clock.now;
        let admitted = 0;
        for (const { pause, at } of schedule) {
          clock.now += pause;
          const decisions = await Promise.all(Array.from({ length: at }, () => store.take(`s${subject}`, limit)));
          admitted += decisions.filter((decision) => decision.admitted).length;
        }
        expect(admitted).toBeLessThanOrEqual(limit.burst + (clock.now - started) / 1_000);
      }),
      { numRuns: 50 },
    );
  });
});

describe("the rate limit store on sqlite", () => {
  it("grants no second burst after a crash", async () => {
    const folder = temporaryDirectory();
    onTestFinished(() => folder.remove());
    const clock = { now: 1e12 };
    const first = openSqlite(`${folder.path}/gateway.db`, clock);
    for (let used = 0; used < 3; used++) await first.store.take("k", limit);
    // Closing the database without closing the store leaves the file as a killed process would.
    await first.database.close();
    const second = openSqlite(`${folder.path}/gateway.db`, clock);
    const after = await Promise.all(Array.from({ length: 10 }, () => second.store.take("k", limit)));
    expect(after.filter(({ admitted }) => admitted).length).toBeLessThanOrEqual(2);
    await second.database.close();
  });

  it("goes on exactly where it was after an orderly stop", async () => {
    const folder = temporaryDirectory();
    onTestFinished(() => folder.remove());
    const clock = { now: 1e12 };
    const first = openSqlite(`${folder.path}/gateway.db`, clock);
    await first.store.take("k", limit);
    await first.store.close();
    await first.database.close();
    const second = openSqlite(`${folder.path}/gateway.db`, clock);
    expect(await second.store.take("k", limit)).toMatchObject({ admitted: true, remaining: 3 });
    await second.database.close();
  });
});
