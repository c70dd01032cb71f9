/** A run survives the death of its process at any moment, and nothing recorded happens again. */
import { openDatabase } from "@agentmesh/state";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { migrations } from "../adapters/sqlite/migrations.ts";
import {
  agentFile,
  type OpenedOrchestrator,
  type OpenOptions,
  openOrchestrator,
  scopeFor,
} from "../testing/open-orchestrator.ts";
import type { MeshScript } from "../testing/scripted-mesh.ts";
import { isStep, type JournalEvent, stepKeyOf } from "./events.ts";
import type { RunStore } from "./run-store.ts";

/** Asks for tools in two turns, then answers from what they returned. */
const model: NonNullable<MeshScript["model"]> = ({ attribution, messages }) => {
  const results = messages.filter(({ role }) => role === "tool").length;
  if (attribution.stepKey.startsWith("t1/")) {
    return {
      text: "let me see",
      calls: [
        { name: "echo", arguments: '{"a":1}' },
        { name: "recall", arguments: '{"b":2}' },
      ],
    };
  }
  if (attribution.stepKey.startsWith("t2/")) return { calls: [{ name: "echo", arguments: `{"c":${results}}` }] };
  return { text: `answered from ${results} results` };
};

const never = new Promise<never>(() => {});

/** Lets a process die at its n-th operation: before it is done, or after it was done but before the process knows. */
class Doom {
  #left: number;
  readonly #moment: "before" | "after";
  readonly died = Promise.withResolvers<void>();
  dead = false;

  constructor(after: number, moment: "before" | "after") {
    this.#left = after;
    this.#moment = moment;
  }

  at(moment: "before" | "after"): Promise<void> | undefined {
    if (this.dead) return never;
    if (moment !== this.#moment) return undefined;
    this.#left -= 1;
    if (this.#left >= 0) return undefined;
    this.dead = true;
    this.died.resolve();
    return never;
  }
}

/** A store whose process may die. */
function doomedStore(store: RunStore, doom: Doom): RunStore {
  return new Proxy(store, {
    get(target, name) {
      const method = Reflect.get(target, name) as (...values: unknown[]) => Promise<unknown>;
      return async (...values: unknown[]) => {
        await doom.at("before");
        const result = await method.apply(target, values);
        if (name !== "accept") await doom.at("after");
        return result;
      };
    },
  });
}

const recordedSteps = (events: readonly JournalEvent[]) =>
  events.filter(({ body }) => isStep(body)).map(({ body }) => stepKeyOf(body));

interface Life {
  readonly operations: number;
  readonly moment: "before" | "after";
}

/** Lives one run through several deaths and returns what is left of it. */
async function live(lives: readonly Life[], request: { sessionId?: string; stream?: boolean }) {
  const database = openDatabase({ file: ":memory:", synchronous: "normal", migrations });
  let now = 1_000_000;
  const shared: Partial<OpenOptions> = { database, agent: agentFile(), clock: () => now };
  let runId: string | undefined;
  let record: OpenOptions["record"];
  const recordedBefore = new Set<string>();
  const again: string[] = [];
  const abandoned: OpenedOrchestrator[] = [];
  for (const { operations, moment } of lives) {
    const doom = new Doom(operations, moment);
    const around = (at: "before" | "after", call: string) => {
      const [kind, key] = call.split(" ");
      if (at === "before" && key !== undefined && (kind === "model" || kind === "tool") && recordedBefore.has(key))
        again.push(key);
      return doom.at(at);
    };
    const opened = await openOrchestrator({
      ...shared,
      ...(record === undefined ? {} : { record }),
      script: { model, around },
      wrapStore: (store) => doomedStore(store, doom),
    });
    record = opened.record;
    abandoned.push(opened);
    opened.worker.start();
    if (runId === undefined) {
      const started = await Promise.race([opened.start(request), doom.died.promise]);
      if (started === undefined) return { unaccepted: true as const, close: () => database.close() };
      runId = started.run.id;
    }
    const id = runId;
    const ended = opened.runs.wait(scopeFor(), id).catch(() => undefined);
    await Promise.race([ended, doom.died.promise]);
    // What was written before the death is there, what was not is gone; the next process begins after the lease.
    await database.ping();
    for (const key of recordedSteps(await opened.journal(id))) recordedBefore.add(key);
    now += 10_000;
  }
  const last = await openOrchestrator({ ...shared, ...(record === undefined ? {} : { record }), script: { model } });
  last.worker.start();
  const view = await last.runs.wait(scopeFor(), runId as string);
  const events = await last.journal(runId as string);
  return {
    unaccepted: false as const,
    view,
    events,
    again,
    record: last.record,
    close: async () => {
      await last.worker.stop();
      for (const opened of abandoned) void opened.worker.stop();
      await database.close();
    },
  };
}

const life = fc.record({
  operations: fc.integer({ min: 0, max: 30 }),
  moment: fc.constantFrom<Life["moment"]>("before", "after"),
});

describe("replay", () => {
  it("ends every accepted run with the same answer, wherever its processes died, and repeats no recorded step", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(life, { minLength: 1, maxLength: 4 }),
        fc.record({ sessionId: fc.constantFrom("", "s1"), stream: fc.boolean() }),
        async (lives, request) => {
          const result = await live(lives, request);
          try {
            if (result.unaccepted) return;
            const { view, events, again, record } = result;
            expect(view.run.status).toBe("succeeded");
            expect(view.output?.parts[0]?.text).toBe("answered from 3 results");
            expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index + 1));
            const steps = recordedSteps(events);
            expect(new Set(steps).size).toBe(steps.length);
            expect(again).toEqual([]);
            // Tools take effect once per step, whatever died in between, and each is paid for once.
            const executed = record.executed.map(({ stepKey }) => stepKey);
            expect(executed.toSorted()).toEqual(["t1/act#0", "t1/act#1", "t2/act#0"]);
            expect([...record.holds.values()].map(({ settled }) => settled)).toEqual([100, 100, 100]);
            if (request.sessionId !== "") expect(record.sessions.get("s1")?.turns.size).toBe(1);
          } finally {
            await result.close();
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  it("builds nothing on what is not stored: each effect finds all before it in the journal", async () => {
    const database = openDatabase({ file: ":memory:", synchronous: "normal", migrations });
    const found = new Map<string, readonly string[]>();
    const around = async (at: "before" | "after", call: string) => {
      if (at === "after" || !/^(tool|model|append turn)/.test(call)) return;
      const rows = await database.read((sql) =>
        sql.all<{ step_key: string }>(
          "SELECT step_key FROM run_events WHERE kind <> 'recalled' AND step_key <> '' ORDER BY seq",
        ),
      );
      found.set(call, rows.map(({ step_key }) => step_key).toSorted());
    };
    const opened = await openOrchestrator({ database, script: { model, around } });
    await opened.run({ sessionId: "s1" });
    const first = ["t1/act#0", "t1/act#1", "t1/think#0"];
    const second = [...first, "t2/act#0", "t2/think#0"];
    expect(found.get("tool t1/act#0")).toContain("t1/think#0");
    expect(found.get("tool t1/act#1")).toContain("t1/think#0");
    expect(found.get("model t2/think#0")).toEqual(first);
    expect(found.get("tool t2/act#0")).toEqual([...first, "t2/think#0"]);
    expect(found.get("model t3/think#0")).toEqual(second);
    expect(found.get("append turn")).toEqual([...second, "t3/think#0"]);
    await opened.close();
  });

  it("stores an answer that could not be used before it asks again", async () => {
    const database = openDatabase({ file: ":memory:", synchronous: "normal", migrations });
    const stored: number[] = [];
    const around = async (at: "before" | "after", call: string) => {
      if (at === "after" || !call.startsWith("model")) return;
      const rows = await database.read((sql) => sql.all("SELECT 1 FROM run_events WHERE kind = 'model_called'"));
      stored.push(rows.length);
    };
    const opened = await openOrchestrator({
      database,
      script: { around, model: ({ attribution }) => (attribution.stepKey.startsWith("t3/") ? { text: "ok" } : {}) },
    });
    expect((await opened.run()).run.status).toBe("succeeded");
    expect(stored).toEqual([0, 1, 2]);
    await opened.close();
  });

  it("stops with JOURNAL_MISMATCH when the journal holds another effect than the run asks for", async () => {
    const database = openDatabase({ file: ":memory:", synchronous: "normal", migrations });
    let now = 1_000_000;
    const doom = new Doom(0, "before");
    const first = await openOrchestrator({
      database,
      clock: () => now,
      script: {
        model,
        around: (at, call) => (call.startsWith("tool t2") && at === "before" ? doom.at(at) : undefined),
      },
    });
    const { run } = await first.start();
    await doom.died.promise;
    await database.run("UPDATE run_events SET input_hash = 'other' WHERE run_id = ? AND step_key = 't1/act#1'", run.id);
    now += 10_000;
    const second = await openOrchestrator({ database, clock: () => now, script: { model } });
    second.worker.start();
    const view = await second.runs.wait(scopeFor(), run.id);
    expect(view.error?.reason).toBe("JOURNAL_MISMATCH");
    expect(second.record.models).toEqual([]);
    void first.worker.stop();
    await second.close();
  });

  it("resumes a run with the version of the agent it started with, although its file has changed", async () => {
    const database = openDatabase({ file: ":memory:", synchronous: "normal", migrations });
    let now = 1_000_000;
    const doom = new Doom(0, "before");
    const around = (at: "before" | "after", call: string) => (call.startsWith("model t2") ? doom.at(at) : undefined);
    const first = await openOrchestrator({ database, clock: () => now, script: { model, around } });
    const { run } = await first.start();
    await doom.died.promise;
    now += 10_000;
    const changed = agentFile().replace("You help.", "You hinder.");
    const second = await openOrchestrator({
      database,
      clock: () => now,
      agent: changed,
      script: { model },
      record: first.record,
    });
    second.worker.start();
    const view = await second.runs.wait(scopeFor(), run.id);
    expect(view.run).toMatchObject({ status: "succeeded", agentVersion: run.agentVersion });
    expect(second.record.models.at(-1)!.messages[0]!.parts[0]!.text).toContain("You help.");
    expect((await second.run()).run.agentVersion).not.toBe(run.agentVersion);
    void first.worker.stop();
    await second.close();
  });

  it("ends a run whose time was up while nobody worked on it", async () => {
    const database = openDatabase({ file: ":memory:", synchronous: "normal", migrations });
    let now = 1_000_000;
    const first = await openOrchestrator({ database, clock: () => now, script: { model: () => never } });
    const { run } = await first.start();
    now += 3_600_000;
    const second = await openOrchestrator({ database, clock: () => now, script: { model } });
    second.worker.start();
    expect((await second.runs.wait(scopeFor(), run.id)).error?.reason).toBe("RUN_TIMEOUT");
    void first.worker.stop();
    await second.close();
  });

  it("ends a run with its answer when the answer was stored before its time was up", async () => {
    const database = openDatabase({ file: ":memory:", synchronous: "normal", migrations });
    let now = 1_000_000;
    const finishing = Promise.withResolvers<void>();
    const first = await openOrchestrator({
      database,
      clock: () => now,
      script: { model },
      // Dies after the turn is in the session, before the run has ended.
      wrapStore: (store) =>
        new Proxy(store, {
          get: (target, name) => {
            if (name !== "finish") return (Reflect.get(target, name) as () => unknown).bind(target);
            return () => {
              finishing.resolve();
              return never;
            };
          },
        }),
    });
    const { run } = await first.start({ sessionId: "s" });
    await finishing.promise;
    now += 3_600_000;
    const second = await openOrchestrator({ database, clock: () => now, record: first.record, script: { model } });
    second.worker.start();
    expect((await second.runs.wait(scopeFor(), run.id)).run.status).toBe("succeeded");
    expect([...(first.record.sessions.get("s")?.turns.keys() ?? [])]).toEqual([run.id]);
    void first.worker.stop();
    await second.close();
  });
});
