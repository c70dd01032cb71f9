import { setImmediate as nextTurn } from "node:timers/promises";
import { describeContract } from "@agentmesh/state/testing";
import fc from "fast-check";
import { expect, it } from "vitest";
import { NO_TOKENS } from "../domain/charge.ts";
import { ann, holdOf, modelCall, type StoreUnderTest, settlementOf, sqliteEngine, usd } from "./holds-store.fixture.ts";
import { ReferenceStore } from "./reference-store.fixture.ts";

const users = ["ann", "bob"];
const runs = ["", "r1", "r2"];
const ids = Array.from({ length: 12 }, (_, n) => `h${n}`);

/** One thing that may happen. Amounts are small, so that limits, repeats and conflicts are met all the time. */
const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant("hold" as const),
      id: fc.constantFrom(...ids),
      user: fc.constantFrom(...users),
      run: fc.constantFrom(...runs),
      amount: fc.nat(6),
      seconds: fc.integer({ min: 1, max: 90_000 }),
      cap: fc.option(fc.nat(20), { nil: undefined }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant("settle" as const), id: fc.constantFrom(...ids), amount: fc.nat(9) }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("release" as const), id: fc.constantFrom(...ids) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("expire" as const), atMost: fc.integer({ min: 1, max: 5 }) }) },
);
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

/** What happens between two bursts: time passes (also backwards a little), the process ends, or nothing. */
const pause = fc.oneof(
  fc.record({ kind: fc.constant("clock" as const), ms: fc.integer({ min: -2_000, max: 40 * 3_600_000 }) }),
  fc.constant({ kind: "reopen" as const }),
  fc.constant({ kind: "none" as const }),
);

const schedule = fc.array(fc.tuple(fc.array(step, { minLength: 1, maxLength: 12 }), pause), {
  minLength: 1,
  maxLength: 8,
});

function perform(store: StoreUnderTest["store"], action: Step): Promise<unknown> {
  switch (action.kind) {
    case "hold": {
      const { id, user, run, amount, seconds, cap } = action;
      const attribution = { ...modelCall, runId: run };
      const runLimit = run === "" ? undefined : cap;
      return store.hold(
        holdOf(id, { payer: { ...ann, user }, attribution, amount, runLimit, timeToLiveMs: seconds * 1_000 }),
      );
    }
    case "settle":
      return store.settle(settlementOf(action.id, action.amount));
    case "release":
      return store.release("acme", action.id);
    case "expire":
      return store.expire(action.atMost);
  }
}

async function expectSameFigures(subject: StoreUnderTest, reference: ReferenceStore): Promise<void> {
  for (const user of users) {
    const payer = { ...ann, user };
    expect(await subject.store.limits(payer)).toEqual(await reference.limits(payer));
  }
  const everything = {
    tenant: "acme",
    from: 0,
    to: Number.MAX_SAFE_INTEGER,
    groupBy: "total",
    user: "",
    runId: "",
  } as const;
  const { total } = await subject.store.usage(everything);
  expect({ amount: total.amount, estimated: total.estimated, charges: total.charges }).toEqual(reference.charged());
  expect(await subject.store.openHolds()).toBe(await reference.openHolds());
}

describeContract("holds store under random schedules", [sqliteEngine], (open) => {
  it("admits, books, expires and counts exactly as the sums over all holds say", async () => {
    const property = fc.asyncProperty(schedule, async (bursts) => {
      const subject = await open();
      Object.assign(subject.limits, { request: 6, keyMonth: 26, userDay: 16, tenantMonth: 24, globalDay: 22 });
      const reference = new ReferenceStore(subject);
      for (const [burst, between] of bursts) {
        const outcomes = await Promise.all(burst.map((action) => perform(subject.store, action)));
        const expected = await Promise.all(burst.map((action) => perform(reference, action)));
        expect(outcomes).toEqual(expected);
        if (between.kind === "clock") subject.now += between.ms;
        if (between.kind === "reopen") await subject.reopen();
        await expectSameFigures(subject, reference);
      }
    });
    await fc.assert(property, { numRuns: 60 });
  });

  it("admits exactly 10 of 64 concurrent holds against a limit that fits 10", async () => {
    const limitNames = ["keyMonth", "userDay", "tenantMonth", "globalDay", "run"] as const;
    const delays = fc.array(fc.nat(3), { minLength: 64, maxLength: 64 });
    const inputs = [fc.constantFrom(...limitNames), fc.integer({ min: 1, max: 5 * usd }), fc.nat(100), delays] as const;
    const property = fc.asyncProperty(...inputs, async (name, amount, percent, turns) => {
      const subject = await open();
      const limit = 10 * amount + Math.floor(((amount - 1) * percent) / 100);
      if (name !== "run") subject.limits[name] = limit;
      const attribution = { ...modelCall, runId: "r1" };
      const runLimit = name === "run" ? limit : undefined;
      const attempt = async (turnsToWait: number, n: number) => {
        for (let turn = 0; turn < turnsToWait; turn++) await nextTurn();
        const { kind } = await subject.store.hold(holdOf(`h${n}`, { amount, attribution, runLimit }));
        if (kind === "held" && n % 2 === 0)
          await subject.store.settle(settlementOf(`h${n}`, amount, { tokens: NO_TOKENS }));
        return kind;
      };
      const kinds = await Promise.all(turns.map(attempt));
      expect(kinds.filter((kind) => kind === "held")).toHaveLength(10);
    });
    await fc.assert(property, { numRuns: 25 });
  });
});
