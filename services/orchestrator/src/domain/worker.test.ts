/** How runs are taken, handed over, refused and cancelled. */
import { openDatabase, stateErrors } from "@agentmesh/state";
import { afterEach, describe, expect, it, vi } from "vitest";
import { migrations } from "../adapters/sqlite/migrations.ts";
import { ann, type OpenOptions, openOrchestrator, scopeFor } from "../testing/open-orchestrator.ts";
import type { RunStore } from "./run-store.ts";

const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).reverse()) await clean();
});

async function open(options: OpenOptions = {}) {
  const opened = await openOrchestrator(options);
  cleanups.push(() => opened.worker.stop());
  return opened;
}

const never = new Promise<never>(() => {});

/** A model that answers when it is told to. */
function heldModel() {
  const asked = Promise.withResolvers<void>();
  const answer = Promise.withResolvers<void>();
  const model = async () => {
    asked.resolve();
    await answer.promise;
    return { text: "at last" };
  };
  return { asked: asked.promise, answer: answer.resolve, model };
}

describe("old runs", () => {
  it("are all deleted in one sweep, however many there are", async () => {
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
    cleanups.push(async () => void vi.useRealTimers());
    let now = Date.now();
    const { run, worker, database } = await open({ clock: () => now });
    const { run: old } = await run();
    // As many more as several batches take, copied from the one that ran.
    await database.run(
      `INSERT INTO runs SELECT 'run_' || value, tenant, user, agent_id, agent_version, session_id, status, created,
         deadline, ended, last_seq, fencing_token, attempt, worker, lease_until, cancel_reason
       FROM runs, (WITH RECURSIVE n(value) AS (SELECT 1 UNION ALL SELECT value + 1 FROM n WHERE value < 450) SELECT value FROM n)
       WHERE id = ?`,
      old.id,
    );
    now += 86_400_000 + 1;
    worker.start();
    vi.advanceTimersByTime(60_000);
    const left = () => database.read((sql) => sql.get<{ count: number }>("SELECT count(*) AS count FROM runs")?.count);
    await vi.waitFor(async () => expect(await left()).toBe(0));
  });
});

describe("the queue", () => {
  it("lets runs wait when there is no room, and takes them in order when there is", async () => {
    const held = heldModel();
    const { start, runs } = await open({ script: { model: held.model }, worker: { maxRuns: 1 } });
    const first = await start();
    const waiting = [await start(), await start()];
    expect(waiting.map(({ run }) => run.status)).toEqual(["queued", "queued"]);
    held.answer();
    for (const { run } of [first, ...waiting]) {
      expect((await runs.wait(scopeFor(), run.id)).run.status).toBe("succeeded");
    }
  });

  it("refuses runs beyond its limit, saying when to try again", async () => {
    const { start } = await open({ script: { model: () => never }, worker: { maxRuns: 1 }, queueLimit: 1 });
    await start();
    await start();
    await expect(start()).rejects.toMatchObject({ reason: "QUEUE_FULL", occurrence: { retryAfterMs: 1_000 } });
  });

  it("ends a waiting run at once when it is cancelled", async () => {
    const { start, runs } = await open({ script: { model: () => never }, worker: { maxRuns: 1 } });
    await start();
    const { run } = await start();
    expect((await runs.cancel(scopeFor(), run.id, "")).run.status).toBe("cancelled");
    expect((await runs.wait(scopeFor(), run.id)).run.status).toBe("cancelled");
  });
});

describe("idempotency keys", () => {
  it("start one run, however many requests come at the same time", async () => {
    const { start, record, runs } = await open();
    const started = await Promise.all(Array.from({ length: 8 }, () => start({ idempotencyKey: "k" })));
    const ids = new Set(started.map(({ run }) => run.id));
    expect(ids.size).toBe(1);
    expect(started.filter(({ existing }) => !existing)).toHaveLength(1);
    await runs.wait(scopeFor(), started[0]!.run.id);
    expect(record.models).toHaveLength(1);
  });

  it("refuse another request with the same key, and mean nothing to other users", async () => {
    const { start } = await open();
    const { run } = await start({ idempotencyKey: "k" });
    await expect(start({ idempotencyKey: "k", input: "other" })).rejects.toMatchObject({
      reason: "IDEMPOTENCY_KEY_REUSED",
    });
    const other = await start({ idempotencyKey: "k", input: "other" }, scopeFor({ ...ann, user: "bob" }));
    expect(other.run.id).not.toBe(run.id);
  });
});

describe("ownership", () => {
  it("shows a run to its owner only", async () => {
    const { run, runs } = await open();
    const { run: ended } = await run();
    for (const stranger of [
      { ...ann, user: "bob" },
      { ...ann, tenant: "other" },
    ]) {
      const scope = scopeFor(stranger);
      await expect(runs.get(scope, ended.id)).rejects.toMatchObject({ reason: "RUN_NOT_FOUND" });
      await expect(runs.wait(scope, ended.id)).rejects.toMatchObject({ reason: "RUN_NOT_FOUND" });
      await expect(runs.cancel(scope, ended.id, "")).rejects.toMatchObject({ reason: "RUN_NOT_FOUND" });
      await expect(runs.watch(scope, ended.id, 0).next()).rejects.toMatchObject({ reason: "RUN_NOT_FOUND" });
    }
  });

  it("hides a run under way from those who wait for it without owning it", async () => {
    const { start, runs } = await open({ script: { model: () => never } });
    const { run } = await start();
    await expect(runs.wait(scopeFor({ ...ann, user: "bob" }), run.id)).rejects.toMatchObject({
      reason: "RUN_NOT_FOUND",
    });
  });

  it("lists runs newest first, page by page", async () => {
    let now = 1_000;
    const { run, runs } = await open({ clock: () => now });
    const ids: string[] = [];
    for (let index = 0; index < 5; index += 1) {
      now += 1;
      ids.unshift((await run()).run.id);
    }
    const page = { token: "", agentId: "", sessionId: "" };
    const first = await runs.list(scopeFor(), { ...page, size: 3 });
    const second = await runs.list(scopeFor(), { ...page, size: 3, token: first.next });
    expect([...first.runs, ...second.runs].map((view) => view.run.id)).toEqual(ids);
    expect(second.next).toBe("");
    await expect(runs.list(scopeFor(), { ...page, size: 201 })).rejects.toMatchObject({ reason: "INVALID_INPUT" });
    await expect(runs.list(scopeFor(), { ...page, size: 1, token: "'; DROP" })).rejects.toMatchObject({
      reason: "INVALID_PAGE",
    });
  });
});

describe("stopping a process", () => {
  it("lets runs end when they can", async () => {
    const held = heldModel();
    const { start, runs, worker } = await open({ script: { model: held.model } });
    const { run } = await start();
    await held.asked;
    const drained = worker.drain(new AbortController().signal);
    await expect(start()).rejects.toMatchObject({ reason: "STOPPING" });
    held.answer();
    await drained;
    expect((await runs.get(scopeFor(), run.id)).run.status).toBe("succeeded");
  });

  it("hands runs back when time is up: another process goes on at once, and nothing has failed", async () => {
    const database = openDatabase({ file: ":memory:", synchronous: "normal", migrations });
    const stuck = Promise.withResolvers<void>();
    const first = await open({
      database,
      script: {
        model: ({ attribution }) => {
          if (attribution.stepKey.startsWith("t1/")) return { calls: [{ name: "echo" }] };
          stuck.resolve();
          return never;
        },
      },
    });
    const { run } = await first.start();
    await stuck.promise;
    const waiting = first.runs.wait(scopeFor(), run.id);
    const watching = first.runs.watch(scopeFor(), run.id, 4).next();
    const outcomes = Promise.allSettled([waiting, watching]);
    await first.worker.drain(AbortSignal.abort());
    expect((await outcomes).map((outcome) => outcome.status === "rejected" && outcome.reason.reason)).toEqual([
      "RUN_MOVED",
      "RUN_MOVED",
    ]);
    const second = await open({ database, record: first.record, script: { model: () => ({ text: "done" }) } });
    second.worker.start();
    const view = await second.runs.wait(scopeFor(), run.id);
    expect(view.run.status).toBe("succeeded");
    const kinds = (await second.journal(run.id)).map(({ body }) => body.kind);
    expect(kinds).toEqual([
      "accepted",
      "started",
      "model_called",
      "tool_called",
      "started",
      "model_called",
      "succeeded",
    ]);
  });

  it("hands back what was not stored yet, too", async () => {
    const held = heldModel();
    const { start, worker, journal } = await open({ script: { model: held.model } });
    const { run } = await start({ sessionId: "s1" });
    await held.asked;
    expect((await journal(run.id)).map(({ body }) => body.kind)).toEqual(["accepted", "started"]);
    await worker.drain(AbortSignal.abort());
    expect((await journal(run.id)).map(({ body }) => body.kind)).toEqual(["accepted", "started", "recalled"]);
  });

  it("gives a run back that could not be recorded, and goes on with it when the disk has room again", async () => {
    let full = true;
    const database = openDatabase({ file: ":memory:", synchronous: "normal", migrations });
    const wrapStore = (store: RunStore): RunStore =>
      new Proxy(store, {
        get(target, name) {
          const method = Reflect.get(target, name) as (...values: unknown[]) => Promise<unknown>;
          if (!full || !["append", "finish", "release"].includes(String(name))) return method.bind(target);
          return () => Promise.reject(stateErrors.STORAGE_FULL());
        },
      });
    const { start, runs, worker } = await open({ database, wrapStore, worker: { pollMs: 20 } });
    worker.start();
    const { run } = await start();
    await expect(runs.wait(scopeFor(), run.id)).rejects.toMatchObject({ reason: "RUN_MOVED" });
    expect((await runs.get(scopeFor(), run.id)).run.status).toBe("running");
    full = false;
    const view = await runs.wait(scopeFor(), run.id);
    expect(view.run.status).toBe("succeeded");
  });

  it("hears of a cancellation by its lease, when the request went to another process", async () => {
    const database = openDatabase({ file: ":memory:", synchronous: "normal", migrations });
    const held = heldModel();
    const owner = await open({ database, script: { model: held.model }, worker: { leaseMs: 60 } });
    owner.worker.start();
    const other = await open({ database });
    const { run } = await owner.start();
    await held.asked;
    await other.runs.cancel(scopeFor(), run.id, "from elsewhere");
    expect((await owner.runs.wait(scopeFor(), run.id)).run.status).toBe("cancelled");
  });

  it("writes nothing more for a run that another worker has taken", async () => {
    const database = openDatabase({ file: ":memory:", synchronous: "normal", migrations });
    let now = 1_000_000;
    const held = heldModel();
    const first = await open({ database, clock: () => now, script: { model: held.model } });
    const { run } = await first.start();
    await held.asked;
    now += 10_000;
    const second = await open({ database, clock: () => now, script: { model: () => ({ text: "mine" }) } });
    second.worker.start();
    const view = await second.runs.wait(scopeFor(), run.id);
    held.answer();
    await expect(first.runs.wait(scopeFor(), run.id)).rejects.toMatchObject({ reason: "RUN_MOVED" });
    expect(view.output?.parts[0]?.text).toBe("mine");
    expect((await second.journal(run.id)).filter(({ body }) => body.kind === "model_called")).toHaveLength(1);
  });

  it("keeps its own runs although it was too busy to renew their leases", async () => {
    let now = 1_000_000;
    const held = heldModel();
    const { start, runs, worker, store } = await open({ clock: () => now, script: { model: held.model } });
    const { run } = await start();
    await held.asked;
    now += 10_000;
    expect(await store.claim({ worker: worker.id, limit: 5, now, leaseUntil: now + 3_000 })).toEqual([]);
    held.answer();
    expect((await runs.wait(scopeFor(), run.id)).run.status).toBe("succeeded");
  });
});

describe("bad requests", () => {
  it.each([
    [{ agentId: "No Such" }, "agent_id"],
    [{ input: "" }, "input"],
    [{ input: "x".repeat(256 * 1024 + 1) }, "input"],
    [{ input: "\ud800" }, "input"],
    [{ sessionId: "a b" }, "session_id"],
    [{ idempotencyKey: "k".repeat(129) }, "idempotency_key"],
    [{ timeoutMs: 0 }, "timeout"],
    [{ timeoutMs: -1 }, "timeout"],
    [{ budgetNanoUsd: -1 }, "budget"],
    [{ budgetNanoUsd: 9.1e15 }, "budget"],
    [{ history: Array(257).fill({ role: "user", parts: [] }) }, "history"],
    [{ history: [{ role: "tool" as const, parts: [] }] }, "history[0]"],
  ])("are refused naming the field: %j", async (request, field) => {
    const { start } = await open();
    await expect(start(request)).rejects.toMatchObject({
      reason: "INVALID_INPUT",
      occurrence: { fields: [{ field }] },
    });
  });

  it("are answered with an error that is not larger than they are", async () => {
    const { start } = await open();
    const parts = Array(50_000).fill({ text: "\ud800", provenance: "user" as const });
    const error = await start({ history: [{ role: "user", parts }] }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ reason: "INVALID_INPUT" });
    expect((error as Error).message.length).toBeLessThan(2_000);
  });

  it("of an agent that does not exist are refused", async () => {
    const { start } = await open();
    await expect(start({ agentId: "nobody" })).rejects.toMatchObject({ reason: "AGENT_NOT_FOUND" });
  });

  it("without a principal are refused", async () => {
    const { start } = await open();
    await expect(start({}, { ...scopeFor(), credential: undefined })).rejects.toMatchObject({
      reason: "PRINCIPAL_REQUIRED",
    });
  });
});
