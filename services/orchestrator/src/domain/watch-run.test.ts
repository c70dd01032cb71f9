/** What those who watch a run see. */
import { afterEach, describe, expect, it } from "vitest";
import { type OpenOptions, openOrchestrator, scopeFor } from "../testing/open-orchestrator.ts";
import type { Watched } from "./watch-run.ts";

const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0)) await clean();
});

async function open(options: OpenOptions = {}) {
  const opened = await openOrchestrator(options);
  cleanups.push(() => opened.close());
  return opened;
}

async function all(events: AsyncIterable<Watched>): Promise<Watched[]> {
  const seen: Watched[] = [];
  for await (const event of events) seen.push(event);
  return seen;
}

const seqs = (events: readonly Watched[]) => events.flatMap((item) => (item.kind === "event" ? [item.event.seq] : []));
const texts = (events: readonly Watched[]) => events.flatMap((item) => (item.kind === "event" ? [] : [item.text]));
const never = new Promise<never>(() => {});

describe("watching a run", () => {
  it("shows everything from the start, and ends with the run", async () => {
    const { start, runs } = await open();
    const { run } = await start();
    expect(seqs(await all(runs.watch(scopeFor(), run.id, 0)))).toEqual([1, 2, 3, 4]);
  });

  it("goes on from any position without gaps or repeats, also after the end", async () => {
    const { run, runs } = await open();
    const { run: ended } = await run();
    for (let after = 0; after <= ended.lastSeq; after += 1) {
      const seen = seqs(await all(runs.watch(scopeFor(), ended.id, after)));
      expect(seen).toEqual(Array.from({ length: ended.lastSeq - after }, (_, index) => after + 1 + index));
    }
    await expect(runs.watch(scopeFor(), ended.id, ended.lastSeq + 1).next()).rejects.toMatchObject({
      reason: "INVALID_POSITION",
    });
  });

  it("shows the answer while it is written, in order, and only when asked to", async () => {
    const words = "one two three four";
    const script = { model: () => ({ text: words }) };
    for (const stream of [true, false]) {
      const gate = Promise.withResolvers<void>();
      const { start, runs } = await open({
        script: { ...script, around: (_moment, call) => (call.startsWith("model") ? gate.promise : undefined) },
      });
      const { run } = await start({ stream });
      const watching = all(runs.watch(scopeFor(), run.id, 0));
      gate.resolve();
      const seen = await watching;
      expect(texts(seen).join("")).toBe(stream ? words : "");
      expect(seqs(seen)).toEqual([1, 2, 3, 4]);
    }
  });

  it("gives a late watcher the text so far as one snapshot, then what follows", async () => {
    const { start, runs, ports } = await open({ script: { model: () => never } });
    const { run } = await start({ stream: true });
    const write = (text: string) =>
      ports.feed.publishText(run.id, { stepKey: "t1/think#0", text, afterSeq: 2, time: 0 });
    write("Hello ");
    write("dear ");
    const watcher = runs.watch(scopeFor(), run.id, 2);
    const first = await watcher.next();
    write("world");
    const second = await watcher.next();
    expect(first.value).toMatchObject({ kind: "snapshot", text: "Hello dear ", afterSeq: 2, index: 1 });
    expect(second.value).toMatchObject({ kind: "delta", text: "world", afterSeq: 2, index: 2 });
  });

  it("lets a watcher that is too slow catch up from the journal, with the text as a snapshot", async () => {
    const { start, runs, ports } = await open({ script: { model: () => never } });
    const { run } = await start({ stream: true });
    const watcher = runs.watch(scopeFor(), run.id, 1);
    expect((await watcher.next()).value).toMatchObject({ kind: "event", event: { seq: 2 } });
    for (let index = 0; index < 1_000; index += 1) {
      ports.feed.publishText(run.id, { stepKey: "t1/think#0", text: "x", afterSeq: 2, time: 0 });
    }
    const text: string[] = [];
    for (let at = -1; at < 999; ) {
      const { value } = await watcher.next();
      if (value === undefined || value.kind === "event") throw new Error("expected text");
      if (value.kind === "snapshot") text.length = 0;
      else expect(value.index).toBe(at + 1);
      text.push(value.text);
      at = value.index;
    }
    expect(text.join("")).toHaveLength(1_000);
  });

  it("stops when the watcher leaves, and the run goes on", async () => {
    const gate = Promise.withResolvers<void>();
    const { start, runs } = await open({
      script: { around: (_moment, call) => (call.startsWith("model") ? gate.promise : undefined) },
    });
    const { run } = await start();
    const leaving = new AbortController();
    const watching = all(runs.watch(scopeFor(undefined, leaving.signal), run.id, 0));
    const waiting = runs.wait(scopeFor(undefined, leaving.signal), run.id);
    leaving.abort(new Error("left"));
    await expect(waiting).rejects.toThrow("left");
    expect(seqs(await watching).length).toBeLessThanOrEqual(2);
    gate.resolve();
    expect((await runs.wait(scopeFor(), run.id)).run.status).toBe("succeeded");
  });
});
