import { describeContract } from "@agentmesh/state/testing";
import { describe, expect, it } from "vitest";
import { claimOf, type StoreUnderTest, sqliteEngine } from "./step-store.fixture.ts";

const result = { content: "sent", error: undefined } as const;

async function claimed(subject: StoreUnderTest, claim = claimOf()): Promise<number> {
  const outcome = await subject.store.claim(claim);
  if (outcome.kind !== "claimed") throw new Error(`expected a claim, got ${outcome.kind}`);
  return outcome.fence;
}

describeContract("step store", [sqliteEngine], (open) => {
  describe.each([true, false])("for a tool that is idempotent: %s", (idempotent) => {
    const claim = claimOf({ idempotent });

    it("gives a step to one claim and its result to all later ones", async () => {
      const subject = await open();
      const fence = await claimed(subject, claim);
      expect(await subject.store.complete(claim, fence, result)).toBe(true);
      expect(await subject.store.claim(claim)).toEqual({ kind: "recorded", result });
    });

    it("records errors with their reason", async () => {
      const subject = await open();
      const failed = { content: "no", error: "TOOL_FAILED" } as const;
      await subject.store.complete(claim, await claimed(subject, claim), failed);
      expect(await subject.store.claim(claim)).toEqual({ kind: "recorded", result: failed });
    });

    it("says how long somebody else still holds the step", async () => {
      const subject = await open();
      await claimed(subject, claim);
      subject.now += 4_000;
      expect(await subject.store.claim(claim)).toEqual({ kind: "running", leftMs: 6_000 });
    });

    it("gives one of many concurrent claims the step", async () => {
      const subject = await open();
      const outcomes = await Promise.all(Array.from({ length: 20 }, () => subject.store.claim(claim)));
      expect(outcomes.filter(({ kind }) => kind === "claimed")).toHaveLength(1);
      expect(outcomes.filter(({ kind }) => kind === "running")).toHaveLength(19);
    });

    it("refuses another call under the same step, running or recorded", async () => {
      const subject = await open();
      const fence = await claimed(subject, claim);
      expect(await subject.store.claim({ ...claim, hash: "h2" })).toEqual({ kind: "conflict" });
      await subject.store.complete(claim, fence, result);
      expect(await subject.store.claim({ ...claim, hash: "h2" })).toEqual({ kind: "conflict" });
    });

    it("keeps tenants, runs and steps apart", async () => {
      const subject = await open();
      await subject.store.complete(claim, await claimed(subject, claim), result);
      for (const other of [{ tenant: "b" }, { runId: "r2" }, { stepKey: "turn-2" }]) {
        expect(await subject.store.claim({ ...claim, ...other })).toMatchObject({ kind: "claimed" });
      }
    });

    it("keeps results when the process ends", async () => {
      const subject = await open();
      await subject.store.complete(claim, await claimed(subject, claim), result);
      await subject.restart();
      expect(await subject.store.claim(claim)).toEqual({ kind: "recorded", result });
    });

    it("forgets results after their time", async () => {
      const subject = await open();
      await subject.store.complete(claim, await claimed(subject, claim), result);
      while (await subject.store.trim(subject.now));
      expect(await subject.store.claim(claim)).toEqual({ kind: "recorded", result });
      while (await subject.store.trim(subject.now + 1));
      expect(await subject.store.claim(claim)).toMatchObject({ kind: "claimed" });
    });
  });

  it("lets an idempotent tool run again after its lease, and refuses the late result of the first run", async () => {
    const subject = await open();
    const claim = claimOf({ idempotent: true });
    const first = await claimed(subject, claim);
    subject.now += 10_000;
    const second = await claimed(subject, claim);
    expect(await subject.store.complete(claim, first, result)).toBe(false);
    expect(await subject.store.claim(claim)).toMatchObject({ kind: "running" });
    const other = { content: "second", error: undefined };
    expect(await subject.store.complete(claim, second, other)).toBe(true);
    expect(await subject.store.claim(claim)).toEqual({ kind: "recorded", result: other });
  });

  it("lets an idempotent tool run again at once when its claim was given back", async () => {
    const subject = await open();
    const claim = claimOf({ idempotent: true });
    await subject.store.abandon(claim, await claimed(subject, claim));
    expect(await subject.store.claim(claim)).toMatchObject({ kind: "claimed" });
  });

  it("calls a step uncertain whose lease ended without a result, until the result comes after all", async () => {
    const subject = await open();
    const claim = claimOf();
    const fence = await claimed(subject, claim);
    subject.now += 10_000;
    expect(await subject.store.claim(claim)).toEqual({ kind: "uncertain" });
    expect(await subject.store.complete(claim, fence, result)).toBe(true);
    expect(await subject.store.claim(claim)).toEqual({ kind: "recorded", result });
    expect(await subject.store.complete(claim, fence, { content: "again", error: undefined })).toBe(false);
  });

  it("knows after the death of a process which tools with effects may have run", async () => {
    const subject = await open();
    await claimed(subject, claimOf());
    await claimed(subject, claimOf({ stepKey: "other", idempotent: true }));
    await subject.restart();
    expect(await subject.store.claim(claimOf())).toEqual({ kind: "uncertain" });
    expect(await subject.store.claim(claimOf({ stepKey: "other", idempotent: true }))).toMatchObject({
      kind: "claimed",
    });
  });

  it("lets a tool run again that was declared idempotent meanwhile", async () => {
    const subject = await open();
    await claimed(subject, claimOf());
    await subject.restart();
    const claim = claimOf({ idempotent: true });
    expect(await subject.store.complete(claim, await claimed(subject, claim), result)).toBe(true);
    expect(await subject.store.claim(claim)).toEqual({ kind: "recorded", result });
  });
});
