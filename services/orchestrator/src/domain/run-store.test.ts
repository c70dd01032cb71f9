/** What every engine that keeps runs promises. */
import { openDatabase } from "@agentmesh/state";
import { describeContract } from "@agentmesh/state/testing";
import fc from "fast-check";
import { expect, it } from "vitest";
import { migrations } from "../adapters/sqlite/migrations.ts";
import { SqliteRunStore } from "../adapters/sqlite/run-store.ts";
import { errors } from "../errors.ts";
import { ann } from "../testing/open-orchestrator.ts";
import type { EventBody, NewEvent } from "./events.ts";
import type { AcceptRequest, Lease, RunStore } from "./run-store.ts";
import { noTotals } from "./totals.ts";

const sqlite = {
  name: "sqlite",
  open: async () => {
    const database = openDatabase({ file: ":memory:", synchronous: "normal", migrations });
    return { store: new SqliteRunStore(database) as RunStore, close: () => database.close() };
  },
};

const hello = { role: "user" as const, parts: [{ text: "hello", provenance: "user" as const }] };
const accepted: EventBody = {
  kind: "accepted",
  agentId: "a",
  agentVersion: "1",
  sessionId: "",
  input: hello,
  request: { principal: ann, token: "", history: [], stream: false },
};

function runId(number: number): string {
  return `run_${number.toString(16).padStart(32, "0")}`;
}

function request(number: number, more: Partial<AcceptRequest> = {}): AcceptRequest {
  return {
    run: {
      id: runId(number),
      tenant: "acme",
      user: "ann",
      agentId: "a",
      agentVersion: "1",
      sessionId: "",
      created: 1_000,
      deadline: 100_000,
    },
    events: [accepted],
    idempotency: undefined,
    bundle: undefined,
    claimFor: undefined,
    queueLimit: 100,
    ...more,
  };
}

const claimFor = (worker: string, leaseUntil = 5_000) => ({ worker, leaseUntil });
const tool = (number: number): NewEvent => ({
  body: {
    kind: "tool_called",
    stepKey: `s${number}`,
    call: { id: "c", name: "t", argumentsJson: "{}" },
    content: "x",
    isError: false,
    errorReason: "",
    costNanoUsd: 1,
  },
  inputHash: `h${number}`,
  time: 1,
});
const ended: NewEvent = { body: { kind: "succeeded", output: hello, totals: noTotals }, inputHash: "", time: 2 };
const finish = (lease: Lease, expectedSeq: number) => ({
  lease,
  expectedSeq,
  events: [ended],
  status: "succeeded" as const,
  ended: 2,
});
const owner = { tenant: "acme", user: "ann" };

describeContract("run store", [sqlite], (open) => {
  it("gives an accepted run to the worker that accepted it, at once", async () => {
    const store = await open();
    const result = await store.accept(request(1, { claimFor: claimFor("w1") }));
    if (result.outcome !== "accepted") throw new Error(result.outcome);
    expect(result.run).toMatchObject({ status: "running", lastSeq: 2 });
    expect(result.claimed).toMatchObject({ attempt: 1, lease: { runId: runId(1), token: 1 } });
    expect(await store.events(runId(1), 0, 10)).toEqual(result.claimed!.events);
    expect(await store.claim({ worker: "w2", limit: 10, now: 4_999, leaseUntil: 9_000 })).toEqual([]);
  });

  it("gives a waiting run to one worker only, oldest first", async () => {
    const store = await open();
    for (const number of [3, 1, 2]) await store.accept(request(number));
    const claims = await Promise.all(
      ["w1", "w2", "w3", "w4"].map((worker) => store.claim({ worker, limit: 1, now: 1_000, leaseUntil: 5_000 })),
    );
    expect(claims.flat().map(({ run }) => run.id)).toEqual([runId(1), runId(2), runId(3)]);
  });

  it("gives a run whose lease is over to another worker, with a greater token and its whole journal", async () => {
    const store = await open();
    await store.accept(request(1, { claimFor: claimFor("w1", 5_000) }));
    await store.append({ lease: { runId: runId(1), token: 1 }, expectedSeq: 2, events: [tool(1)] });
    const [claim] = await store.claim({ worker: "w2", limit: 10, now: 5_000, leaseUntil: 9_000 });
    expect(claim).toMatchObject({ attempt: 2, lease: { token: 2 } });
    expect(claim!.events.map(({ seq, body }) => [seq, body.kind])).toEqual([
      [1, "accepted"],
      [2, "started"],
      [3, "tool_called"],
      [4, "started"],
    ]);
    const stale = { runId: runId(1), token: 1 };
    await expect(store.append({ lease: stale, expectedSeq: 4, events: [tool(2)] })).rejects.toSatisfy(errors.FENCED.is);
    await expect(store.finish(finish(stale, 4))).rejects.toSatisfy(errors.FENCED.is);
    expect(await store.renew([stale], 99_999)).toEqual([{ runId: runId(1), lost: true, cancelReason: undefined }]);
  });

  it("refuses to leave gaps or to write twice at one place", async () => {
    const store = await open();
    await store.accept(request(1, { claimFor: claimFor("w1") }));
    const lease = { runId: runId(1), token: 1 };
    for (const expectedSeq of [0, 1, 3, 99]) {
      const append = store.append({ lease, expectedSeq, events: [tool(1)] });
      await expect(append).rejects.toSatisfy(errors.SEQUENCE_CONFLICT.is);
    }
    expect(await store.events(runId(1), 0, 10)).toHaveLength(2);
  });

  it("ends a run with its last event, and nothing can be added afterwards", async () => {
    const store = await open();
    await store.accept(request(1, { claimFor: claimFor("w1") }));
    const lease = { runId: runId(1), token: 1 };
    await store.finish(finish(lease, 2));
    const found = await store.get(owner, runId(1));
    expect(found).toMatchObject({ run: { status: "succeeded", ended: 2, lastSeq: 3 }, ending: ended.body });
    await expect(store.append({ lease, expectedSeq: 3, events: [tool(1)] })).rejects.toSatisfy(errors.FENCED.is);
    expect(await store.claim({ worker: "w2", limit: 10, now: 99_999, leaseUntil: 9e9 })).toEqual([]);
  });

  it("gives a released run to anybody at once, and the old token is worth nothing", async () => {
    const store = await open();
    await store.accept(request(1, { claimFor: claimFor("w1") }));
    const lease = { runId: runId(1), token: 1 };
    await store.release([lease]);
    await expect(store.append({ lease, expectedSeq: 2, events: [tool(1)] })).rejects.toSatisfy(errors.FENCED.is);
    expect(await store.claim({ worker: "w1", limit: 1, now: 1_000, leaseUntil: 5_000 })).toHaveLength(1);
  });

  it("tells the owner of a lease that its run shall be cancelled", async () => {
    const store = await open();
    await store.accept(request(1, { claimFor: claimFor("w1") }));
    expect(await store.requestCancel(owner, runId(1), { reason: "enough", now: 1 })).toMatchObject({
      status: "running",
    });
    await store.requestCancel(owner, runId(1), { reason: "later", now: 1 });
    const [renewal] = await store.renew([{ runId: runId(1), token: 1 }], 9_000);
    expect(renewal).toMatchObject({ lost: false, cancelReason: "enough" });
  });

  it("remembers keys for their time, and forgets them with the run", async () => {
    const store = await open();
    const idempotency = { key: "k", requestHash: "h", expires: 2_000 };
    await store.accept(request(1, { idempotency }));
    expect(await store.accept(request(2, { idempotency }))).toMatchObject({
      outcome: "existing",
      run: { id: runId(1) },
    });
    const other = { ...idempotency, requestHash: "other" };
    expect(await store.accept(request(3, { idempotency: other }))).toEqual({ outcome: "key_reused" });
    expect(await store.findByKey(owner, "k", 1_999)).toMatchObject({ requestHash: "h" });
    expect(await store.findByKey(owner, "k", 2_000)).toBeUndefined();
    const later = request(4, { idempotency: { ...idempotency, expires: 9_000 } });
    expect(await store.accept({ ...later, run: { ...later.run, created: 2_000 } })).toMatchObject({
      outcome: "accepted",
    });
  });

  it("deletes what ended long ago and nothing else", async () => {
    const store = await open();
    for (const number of [1, 2]) await store.accept(request(number, { claimFor: claimFor("w1") }));
    await store.finish(finish({ runId: runId(1), token: 1 }, 2));
    expect(await store.sweep({ endedBefore: 2, now: 0, limit: 10 })).toBe(0);
    expect(await store.sweep({ endedBefore: 3, now: 0, limit: 10 })).toBe(1);
    expect(await store.get(owner, runId(1))).toBeUndefined();
    expect(await store.events(runId(1), 0, 10)).toEqual([]);
    expect(await store.events(runId(2), 0, 10)).toHaveLength(2);
  });

  it("keeps every version of an agent that a run was accepted with", async () => {
    const store = await open();
    await store.accept(request(1, { bundle: { json: "{}" } }));
    expect(await store.bundle("a", "1")).toBe("{}");
    expect(await store.bundle("a", "2")).toBeUndefined();
  });

  it("keeps journals gapless and lets only the newest lease write, whatever workers do", async () => {
    const step = fc.oneof(
      fc.record({ do: fc.constant("claim" as const), worker: fc.constantFrom("w1", "w2", "w3") }),
      fc.record({
        do: fc.constant("append" as const),
        worker: fc.constantFrom("w1", "w2", "w3"),
        count: fc.integer({ min: 1, max: 3 }),
      }),
      fc.record({ do: fc.constant("release" as const), worker: fc.constantFrom("w1", "w2", "w3") }),
      fc.record({ do: fc.constant("wait" as const), milliseconds: fc.integer({ min: 1, max: 2_000 }) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        const { store, close } = await sqlite.open();
        const leases = new Map<string, { lease: Lease; seq: number }>();
        let now = 1_000;
        let newest = 0;
        await store.accept(request(1));
        for (const action of steps) {
          if (action.do === "wait") now += action.milliseconds;
          if (action.do === "claim") {
            const [claim] = await store.claim({ worker: action.worker, limit: 1, now, leaseUntil: now + 1_000 });
            if (claim === undefined) continue;
            expect(claim.lease.token).toBeGreaterThan(newest);
            newest = claim.lease.token;
            leases.set(action.worker, { lease: claim.lease, seq: claim.run.lastSeq });
          }
          if (action.do === "release") {
            const held = leases.get(action.worker);
            if (held === undefined) continue;
            await store.release([held.lease]);
            if (held.lease.token === newest) newest += 1;
          }
          if (action.do === "append") {
            const held = leases.get(action.worker);
            if (held === undefined) continue;
            const events = Array.from({ length: action.count }, (_, index) => tool(index));
            const append = store.append({ lease: held.lease, expectedSeq: held.seq, events });
            if (held.lease.token === newest) {
              await append;
              held.seq += events.length;
            } else await expect(append).rejects.toSatisfy(errors.FENCED.is);
          }
        }
        const journal = await store.events(runId(1), 0, 1_000);
        expect(journal.map(({ seq }) => seq)).toEqual(journal.map((_, index) => index + 1));
        expect((await store.get(owner, runId(1)))?.run.lastSeq).toBe(journal.length);
        await close();
      }),
      { numRuns: 60 },
    );
  });
});
