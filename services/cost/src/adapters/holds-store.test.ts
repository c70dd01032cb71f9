import { describeContract } from "@agentmesh/state/testing";
import { expect, it } from "vitest";
import { MAX_AMOUNT } from "../domain/amount.ts";
import { NO_TOKENS } from "../domain/charge.ts";
import type { LimitScope } from "../domain/limits.ts";
import type { UsageGrouping, UsageQuery } from "../domain/usage.ts";
import {
  ann,
  holdOf,
  modelCall,
  noon,
  type StoreUnderTest,
  settlementOf,
  sqliteEngine,
  usd,
} from "./holds-store.fixture.ts";

const dayMs = 86_400_000;
const tokens = { input: 100, output: 20, cachedInput: 10, reasoning: 5 };

async function figures(subject: StoreUnderTest, scope: LimitScope, payer = ann) {
  const state = (await subject.store.limits(payer)).find((limit) => limit.scope === scope)!;
  return { settled: state.settled, held: state.held, limit: state.limit };
}

function query(groupBy: UsageGrouping, changes: Partial<UsageQuery> = {}): UsageQuery {
  return { tenant: "acme", from: 0, to: noon + 400 * dayMs, groupBy, user: "", runId: "", ...changes };
}

describeContract("holds store", [sqliteEngine], (open) => {
  it("reserves against every limit and says when the hold expires", async () => {
    const subject = await open();
    expect(await subject.store.hold(holdOf("a"))).toEqual({ kind: "held", expires: noon + 60_000 });
    for (const scope of ["key_month", "user_day", "tenant_month", "global_day"] as const) {
      expect(await figures(subject, scope)).toEqual({ settled: 0, held: usd, limit: 100 * usd });
    }
    expect(await subject.store.openHolds()).toBe(1);
  });

  it("books the exact amount and frees the rest", async () => {
    const subject = await open();
    await subject.store.hold(holdOf("a"));
    const outcome = await subject.store.settle(settlementOf("a", 250, { tokens }));
    expect(outcome).toEqual({ kind: "booked", change: 250, overrun: 0, attribution: modelCall });
    expect(await figures(subject, "tenant_month")).toMatchObject({ settled: 250, held: 0 });
    const { total } = await subject.store.usage(query("total"));
    expect(total).toEqual({ key: "", amount: 250, estimated: 0, charges: 1, tokens });
  });

  it("gives a hold back without a charge, also twice", async () => {
    const { store } = await open();
    await store.hold(holdOf("a"));
    expect(await store.release("acme", "a")).toEqual({ kind: "released" });
    expect(await store.release("acme", "a")).toEqual({ kind: "released" });
    expect((await store.usage(query("total"))).total.charges).toBe(0);
    expect(await store.settle(settlementOf("a", 1))).toEqual({ kind: "released" });
  });

  it.each([
    ["request", 2 * usd - 1],
    ["keyMonth", 2 * usd - 1],
    ["userDay", 2 * usd - 1],
    ["tenantMonth", 2 * usd - 1],
    ["globalDay", 2 * usd - 1],
  ] as const)(
    "admits exactly up to the limit %s, and nothing of a hold that one limit refuses",
    async (name, limit) => {
      const subject = await open();
      subject.limits[name] = limit;
      const refused = await subject.store.hold(holdOf("big", { amount: 2 * usd }));
      expect(refused).toMatchObject({ kind: "refused", limits: [{ limit }] });
      expect(await figures(subject, "global_day")).toMatchObject({ held: 0, settled: 0 });
      subject.limits[name] = 2 * usd;
      expect(await subject.store.hold(holdOf("big", { amount: 2 * usd }))).toMatchObject({ kind: "held" });
    },
  );

  it("names every limit that refuses, with its figures", async () => {
    const subject = await open();
    Object.assign(subject.limits, { userDay: usd, tenantMonth: usd });
    await subject.store.hold(holdOf("a"));
    const outcome = await subject.store.hold(holdOf("b", { amount: 1 }));
    const common = { limit: usd, settled: 0, held: usd };
    expect(outcome).toEqual({
      kind: "refused",
      limits: [
        { ...common, scope: "tenant_month", subject: "", ends: Date.UTC(2026, 11) },
        { ...common, scope: "user_day", subject: "ann", ends: Date.UTC(2026, 10, 22) },
      ],
    });
  });

  it("caps the holds of one run together, by the cap that comes with each hold", async () => {
    const { store } = await open();
    const attribution = { ...modelCall, runId: "r1" };
    expect(await store.hold(holdOf("a", { attribution }))).toMatchObject({ kind: "held" });
    const second = await store.hold(holdOf("b", { attribution, runLimit: 2 * usd - 1 }));
    expect(second).toMatchObject({ kind: "refused", limits: [{ scope: "run", subject: "r1", held: usd }] });
    expect(await store.hold(holdOf("b", { attribution, runLimit: 2 * usd }))).toMatchObject({ kind: "held" });
    const other = { ...modelCall, runId: "r2" };
    expect(await store.hold(holdOf("c", { attribution: other, runLimit: usd }))).toMatchObject({ kind: "held" });
  });

  it("counts no key's limit for a principal without a key", async () => {
    const subject = await open();
    subject.limits.keyMonth = 0;
    expect(await subject.store.hold(holdOf("a", { payer: { ...ann, keyId: "" } }))).toMatchObject({ kind: "held" });
  });

  it("answers a repeated hold with the same hold, and refuses another amount", async () => {
    const subject = await open();
    const first = await subject.store.hold(holdOf("a"));
    subject.now += 5_000;
    expect(await subject.store.hold(holdOf("a"))).toEqual(first);
    expect(await subject.store.hold(holdOf("a", { amount: 1 }))).toEqual({ kind: "conflict", amount: usd });
    await subject.store.settle(settlementOf("a", usd));
    expect(await subject.store.hold(holdOf("a"))).toEqual(first);
    expect(await subject.store.hold(holdOf("a", { amount: 1 }))).toEqual({ kind: "conflict", amount: usd });
    expect(await figures(subject, "user_day")).toMatchObject({ held: 0, settled: usd });
  });

  it("answers a repeated hold also when the budget is used up by now", async () => {
    const subject = await open();
    subject.limits.userDay = usd;
    const first = await subject.store.hold(holdOf("a"));
    await subject.store.settle(settlementOf("a", usd));
    expect(await subject.store.hold(holdOf("a"))).toEqual(first);
    expect(await subject.store.hold(holdOf("b"))).toMatchObject({ kind: "refused" });
  });

  it("keeps hold ids of tenants apart", async () => {
    const { store } = await open();
    await store.hold(holdOf("a"));
    expect(await store.hold(holdOf("a", { payer: { ...ann, tenant: "other" }, amount: 7 }))).toMatchObject({
      kind: "held",
    });
    expect(await store.settle(settlementOf("a", 9, { tenant: "third" }))).toEqual({ kind: "unknown" });
    expect(await store.release("third", "a")).toEqual({ kind: "unknown" });
  });

  it("settles once: a repeat changes nothing, another amount is refused", async () => {
    const subject = await open();
    await subject.store.hold(holdOf("a"));
    await subject.store.settle(settlementOf("a", usd + 5));
    expect(await subject.store.settle(settlementOf("a", usd + 5))).toEqual({ kind: "repeated", overrun: 5 });
    expect(await subject.store.settle(settlementOf("a", 1))).toEqual({ kind: "conflict", amount: usd + 5 });
    expect(await subject.store.release("acme", "a")).toEqual({ kind: "settled" });
    expect(await figures(subject, "user_day")).toMatchObject({ held: 0, settled: usd + 5 });
  });

  it("books what exceeds a hold, also beyond the limit, and then admits nothing more", async () => {
    const subject = await open();
    subject.limits.tenantMonth = 10 * usd;
    await subject.store.hold(holdOf("a"));
    expect(await subject.store.settle(settlementOf("a", 12 * usd))).toMatchObject({ overrun: 11 * usd });
    expect(await figures(subject, "tenant_month")).toMatchObject({ settled: 12 * usd });
    expect(await subject.store.hold(holdOf("b", { amount: 1 }))).toMatchObject({ kind: "refused" });
  });

  it("admits holds of nothing as long as no limit is overrun", async () => {
    const subject = await open();
    subject.limits.userDay = 0;
    expect(await subject.store.hold(holdOf("free", { amount: 0 }))).toMatchObject({ kind: "held" });
    expect(await subject.store.settle(settlementOf("free", 0))).toMatchObject({
      kind: "booked",
      change: 0,
      overrun: 0,
    });
    expect((await subject.store.usage(query("total"))).total).toMatchObject({ amount: 0, charges: 1 });
  });

  it("charges a hold that nobody settled in full, as an estimate", async () => {
    const subject = await open();
    await subject.store.hold(holdOf("a"));
    subject.now += 59_999;
    expect(await subject.store.expire(10)).toEqual([]);
    subject.now += 1;
    const expired = [{ holdId: "a", tenant: "acme", amount: usd, attribution: modelCall }];
    expect(await subject.store.expire(10)).toEqual(expired);
    expect(await subject.store.expire(10)).toEqual([]);
    expect(await figures(subject, "user_day")).toMatchObject({ settled: usd, held: 0 });
    expect((await subject.store.usage(query("total"))).total).toMatchObject({
      amount: usd,
      estimated: usd,
      charges: 1,
    });
  });

  it("charges holds that expired while the process was down", async () => {
    const subject = await open();
    await subject.store.hold(holdOf("a"));
    subject.now += 3_600_000;
    await subject.reopen();
    expect(await subject.store.expire(10)).toHaveLength(1);
  });

  it("expires in batches, the rest the next time", async () => {
    const subject = await open();
    for (const id of ["a", "b", "c"]) await subject.store.hold(holdOf(id));
    subject.now += 60_000;
    expect(await subject.store.expire(2)).toHaveLength(2);
    expect(await subject.store.expire(2)).toHaveLength(1);
  });

  it("corrects the estimate of an expired hold when it is settled late", async () => {
    const subject = await open();
    await subject.store.hold(holdOf("a"));
    subject.now += 60_000;
    await subject.store.expire(1);
    const outcome = await subject.store.settle(settlementOf("a", 300, { tokens }));
    expect(outcome).toEqual({ kind: "booked", change: 300 - usd, overrun: 0, attribution: modelCall });
    expect(await subject.store.settle(settlementOf("a", 300))).toMatchObject({ kind: "repeated" });
    expect(await figures(subject, "user_day")).toMatchObject({ settled: 300, held: 0 });
    const { total } = await subject.store.usage(query("total"));
    expect(total).toEqual({ key: "", amount: 300, estimated: 0, charges: 1, tokens });
  });

  it("takes the estimate of an expired hold back when it is released late", async () => {
    const subject = await open();
    await subject.store.hold(holdOf("a"));
    subject.now += 60_000;
    await subject.store.expire(1);
    expect(await subject.store.release("acme", "a")).toEqual({ kind: "released" });
    expect(await figures(subject, "user_day")).toMatchObject({ settled: 0 });
    expect((await subject.store.usage(query("total"))).total).toMatchObject({ amount: 0, estimated: 0, charges: 0 });
  });

  it("charges a hold to the windows in which it was taken", async () => {
    const subject = await open();
    subject.now = Date.UTC(2026, 10, 30, 23, 59, 59);
    await subject.store.hold(holdOf("a"));
    subject.now += 10_000;
    await subject.store.settle(settlementOf("a", 5));
    expect(await figures(subject, "user_day")).toMatchObject({ settled: 0, held: 0 });
    expect(await figures(subject, "tenant_month")).toMatchObject({ settled: 0, held: 0 });
    const { rows } = await subject.store.usage(query("day"));
    expect(rows).toMatchObject([{ key: "2026-11-30", amount: 5 }]);
    subject.now -= 10_000;
    expect(await figures(subject, "user_day")).toMatchObject({ settled: 5, held: 0 });
  });

  it("starts each day and month with an empty window", async () => {
    const subject = await open();
    subject.limits.userDay = usd;
    await subject.store.hold(holdOf("a"));
    expect(await subject.store.hold(holdOf("b"))).toMatchObject({ kind: "refused" });
    subject.now = Date.UTC(2026, 10, 22);
    expect(await subject.store.hold(holdOf("b"))).toMatchObject({ kind: "held" });
    expect(await figures(subject, "tenant_month")).toMatchObject({ held: 2 * usd });
  });

  it("lets a tenant's own limit win over the settings, from the next hold on, until it is removed", async () => {
    const subject = await open();
    const limit = { tenant: "acme", scope: "user_day", subject: "ann" } as const;
    expect(await subject.store.setLimit({ ...limit, amount: 10 })).toBe(true);
    expect(await subject.store.hold(holdOf("a"))).toMatchObject({ kind: "refused", limits: [{ limit: 10 }] });
    const bob = { ...ann, user: "bob" };
    expect(await subject.store.hold(holdOf("b", { payer: bob }))).toMatchObject({ kind: "held" });
    await subject.reopen();
    expect((await figures(subject, "user_day")).limit).toBe(10);
    await subject.store.setLimit({ ...limit, amount: undefined });
    expect(await subject.store.hold(holdOf("a"))).toMatchObject({ kind: "held" });
  });

  it("takes no more limits of one tenant than it can list", async () => {
    const { store } = await open();
    const limit = (n: number) => ({ tenant: "acme", scope: "user_day", subject: `u${n}`, amount: n }) as const;
    const taken = await Promise.all(Array.from({ length: 1_001 }, (_, n) => store.setLimit(limit(n))));
    expect(taken.filter((accepted) => !accepted)).toHaveLength(1);
    expect(await store.setLimit(limit(5))).toBe(true);
    expect(await store.setLimit({ ...limit(5), amount: undefined })).toBe(true);
    expect(await store.setLimit(limit(1_000))).toBe(true);
  });

  it("lists the payer's limits and those set for others of the tenant", async () => {
    const { store } = await open();
    await store.setLimit({ tenant: "acme", scope: "user_day", subject: "bob", amount: 10 });
    await store.setLimit({ tenant: "acme", scope: "tenant_month", subject: "", amount: 20 });
    await store.setLimit({ tenant: "other", scope: "tenant_month", subject: "", amount: 30 });
    await store.hold(holdOf("b", { payer: { ...ann, user: "bob" }, amount: 4 }));
    const listed = (await store.limits(ann)).map(({ scope, subject, limit, held }) => [scope, subject, limit, held]);
    expect(listed).toEqual([
      ["request", "", 100 * usd, 0],
      ["tenant_month", "", 20, 4],
      ["user_day", "ann", 100 * usd, 0],
      ["global_day", "", 100 * usd, 4],
      ["key_month", "k1", 100 * usd, 4],
      ["user_day", "bob", 10, 4],
    ]);
  });

  it("groups usage by day, user, agent, resource and run, most expensive first", async () => {
    const subject = await open();
    const book = async (holdId: string, amount: number, run: string, user: string) => {
      const attribution = { agentId: `agent-of-${run}`, runId: run, type: "tool", resource: `tool-${amount}` } as const;
      await subject.store.hold(holdOf(holdId, { attribution, payer: { ...ann, user } }));
      await subject.store.settle(settlementOf(holdId, amount, { tokens }));
    };
    await book("1", 10, "r1", "ann");
    await book("2", 20, "r2", "bob");
    subject.now += dayMs;
    await book("3", 30, "r1", "ann");
    const grouped = async (groupBy: UsageGrouping, changes: Partial<UsageQuery> = {}) =>
      (await subject.store.usage(query(groupBy, changes))).rows.map(({ key, amount }) => [key, amount]);
    expect(await grouped("day")).toEqual([
      ["2026-11-21", 30],
      ["2026-11-22", 30],
    ]);
    expect(await grouped("user")).toEqual([
      ["ann", 40],
      ["bob", 20],
    ]);
    expect(await grouped("agent")).toEqual([
      ["agent-of-r1", 40],
      ["agent-of-r2", 20],
    ]);
    expect(await grouped("resource")).toEqual([
      ["tool-30", 30],
      ["tool-20", 20],
      ["tool-10", 10],
    ]);
    expect(await grouped("run")).toEqual([
      ["r1", 40],
      ["r2", 20],
    ]);
    expect(await grouped("total")).toEqual([["", 60]]);
    expect(await grouped("total", { runId: "r1" })).toEqual([["", 40]]);
    expect(await grouped("user", { user: "bob" })).toEqual([["bob", 20]]);
    expect(await grouped("total", { from: noon + 1 })).toEqual([["", 30]]);
    expect(await grouped("total", { runId: "r1", to: noon + 1 })).toEqual([["", 10]]);
    expect(await grouped("total", { tenant: "other" })).toEqual([]);
  });

  it("sums up more charges than one slice holds", async () => {
    const { store } = await open();
    const ids = Array.from({ length: 2_100 }, (_, n) => `hold-${n}`);
    await Promise.all(ids.map((id) => store.hold(holdOf(id, { amount: 1 }))));
    await Promise.all(ids.map((id) => store.settle(settlementOf(id, 1))));
    expect((await store.usage(query("total"))).total).toMatchObject({ amount: 2_100, charges: 2_100 });
  });

  it("keeps a counter that is full at the largest amount", async () => {
    const subject = await open();
    subject.limits.tenantMonth = MAX_AMOUNT;
    for (const id of ["a", "b"]) await subject.store.hold(holdOf(id));
    for (const id of ["a", "b"]) await subject.store.settle(settlementOf(id, MAX_AMOUNT));
    expect(await figures(subject, "tenant_month")).toMatchObject({ settled: MAX_AMOUNT, held: 0 });
    await subject.reopen();
    expect((await subject.store.usage(query("total"))).total.amount).toBe(MAX_AMOUNT);
    expect(await subject.store.hold(holdOf("c", { amount: 1 }))).toMatchObject({ kind: "refused" });
  });

  it("forgets ended holds after their time, never open ones", async () => {
    const subject = await open();
    await subject.store.hold(holdOf("open", { timeToLiveMs: dayMs }));
    for (const id of ["settled", "released"]) await subject.store.hold(holdOf(id));
    await subject.store.settle(settlementOf("settled", 5));
    await subject.store.release("acme", "released");
    subject.now += 3_600_000;
    const trim = { holdsBefore: subject.now, ledgerBefore: 0 };
    while (await subject.store.trim(trim));
    expect(await subject.store.settle(settlementOf("settled", 5))).toEqual({ kind: "unknown" });
    expect(await subject.store.release("acme", "released")).toEqual({ kind: "unknown" });
    expect(await subject.store.settle(settlementOf("open", 5))).toMatchObject({ kind: "booked" });
    expect(await figures(subject, "user_day")).toMatchObject({ settled: 10 });
  });

  it("sums up old charges per day without changing what usage says", async () => {
    const subject = await open();
    for (let day = 0; day < 3; day++) {
      for (const user of ["ann", "bob"]) {
        const id = `${day}-${user}`;
        await subject.store.hold(holdOf(id, { payer: { ...ann, user } }));
        await subject.store.settle(settlementOf(id, 10 + day, { tokens, estimated: day === 0 }));
      }
      subject.now += dayMs;
    }
    const before = await subject.store.usage(query("day"));
    const byUser = await subject.store.usage(query("user", { user: "bob" }));
    while (await subject.store.trim({ holdsBefore: 0, ledgerBefore: noon + dayMs + 1 }));
    expect(await subject.store.usage(query("day"))).toEqual(before);
    expect(await subject.store.usage(query("user", { user: "bob" }))).toEqual(byUser);
    expect(before.total).toEqual({
      key: "",
      amount: 66,
      estimated: 20,
      charges: 6,
      tokens: { input: 600, output: 120, cachedInput: 60, reasoning: 30 },
    });
  });

  it("forgets the counters of windows that are over, and keeps those that are not", async () => {
    const subject = await open();
    for (const id of ["a", "b"]) await subject.store.hold(holdOf(id));
    await subject.store.settle(settlementOf("a", 10));
    subject.now += 3 * dayMs;
    while (await subject.store.trim({ holdsBefore: 0, ledgerBefore: 0 }));
    await subject.reopen();
    expect(await figures(subject, "tenant_month")).toMatchObject({ settled: 10, held: usd });
  });

  it("keeps holds, charges and limits over an end of the process", async () => {
    const subject = await open();
    const attribution = { ...modelCall, runId: "r1" };
    await subject.store.hold(holdOf("open", { attribution, amount: 3 }));
    await subject.store.hold(holdOf("done", { attribution, amount: 4 }));
    await subject.store.settle(settlementOf("done", 4, { tokens: NO_TOKENS }));
    await subject.reopen();
    expect(await figures(subject, "user_day")).toMatchObject({ settled: 4, held: 3 });
    const refused = await subject.store.hold(holdOf("next", { attribution, amount: 1, runLimit: 7 }));
    expect(refused).toMatchObject({ kind: "refused", limits: [{ scope: "run", settled: 4, held: 3 }] });
    expect(await subject.store.settle(settlementOf("open", 2))).toMatchObject({ kind: "booked" });
    expect(await subject.store.settle(settlementOf("done", 4))).toMatchObject({ kind: "repeated" });
    expect(await figures(subject, "user_day")).toMatchObject({ settled: 6, held: 0 });
  });
});
