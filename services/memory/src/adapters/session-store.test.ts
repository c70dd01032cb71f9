/** What every engine of the session store promises. */
import { openDatabase } from "@agentmesh/state";
import { type ContractEngine, describeContract } from "@agentmesh/state/testing";
import fc from "fast-check";
import { expect, it } from "vitest";
import type { Message } from "../domain/message.ts";
import type { NewTurn, SessionStore } from "../domain/session-store.ts";
import { migrations } from "./sqlite/schema.ts";
import { SqliteSessionStore } from "./sqlite/session-store.ts";

const limits = { maxMessagesPerSession: 5000, maxSessionsPerUser: 3 };
const sqlite: ContractEngine<SessionStore> = {
  name: "sqlite",
  async open() {
    const database = openDatabase({ file: ":memory:", synchronous: "normal", migrations });
    return { store: new SqliteSessionStore(database, limits), close: () => database.close() };
  },
};

const ann = { tenant: "acme", user: "ann" };
const now = 1_000_000;
const expires = now + 3_600_000;

function message(text: string): Message {
  return { role: "user", parts: [{ text, provenance: "user" }], toolCalls: [], toolCallId: "" };
}

function turn(expectedVersion: number, turnId: string, change: Partial<NewTurn> = {}): NewTurn {
  const messages = [
    { message: message(`${turnId} asks`), tokens: 10 },
    { message: message(`${turnId} answers`), tokens: 20 },
  ];
  return { owner: ann, sessionId: "s", expectedVersion, turnId, messages, now, expires, ...change };
}

async function textsOf(store: SessionStore, sessionId = "s") {
  const page = await store.messages(ann, sessionId, { size: 10_000, after: undefined, now });
  return page?.items.map(({ message: { parts } }) => parts[0]?.text) ?? [];
}

describeContract("session store", [sqlite], (open) => {
  it("keeps every field of a message", async () => {
    const store = await open();
    const full: Message = {
      role: "assistant",
      parts: [
        { text: "ü \u0000 \ud83d 👩‍👩‍👧", provenance: "model" },
        { text: "", provenance: "untrusted" },
      ],
      toolCalls: [{ id: "c1", name: "calculator", argumentsJson: '{"a":"\\n"}' }],
      toolCallId: "c0",
    };
    await store.append(turn(0, "t1", { messages: [{ message: full, tokens: 5 }] }));
    const window = await store.window(ann, "s", { maxTokens: 100, now });
    expect(window).toEqual({ messages: [full], version: 1, truncated: false });
  });

  it("appends a turn only to the version it was based on", async () => {
    const store = await open();
    expect(await store.append(turn(1, "early"))).toEqual({ kind: "conflict", currentVersion: 0 });
    expect(await store.append(turn(0, "t1"))).toEqual({ kind: "stored", version: 1, created: true });
    expect(await store.append(turn(0, "late"))).toEqual({ kind: "conflict", currentVersion: 1 });
    expect(await store.append(turn(1, "t2"))).toEqual({ kind: "stored", version: 2, created: false });
    expect(await textsOf(store)).toEqual(["t1 asks", "t1 answers", "t2 asks", "t2 answers"]);
  });

  it("stores a turn once, however often and on whatever version it is sent again", async () => {
    const store = await open();
    await store.append(turn(0, "t1"));
    await store.append(turn(1, "t2"));
    expect(await store.append(turn(0, "t1"))).toEqual({ kind: "repeated", version: 1 });
    expect(await store.append(turn(2, "t2"))).toEqual({ kind: "repeated", version: 2 });
    expect((await textsOf(store)).length).toBe(4);
  });

  it("neither loses, mixes nor repeats turns of writers that append at the same time", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.scheduler(),
        fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 2, maxLength: 5 }),
        fc.boolean(),
        async (scheduler, turnsPerWriter, repeats) => {
          const store = await open();
          const write = async (writer: number, turns: number) => {
            for (let done = 0, version = 0; done < turns; ) {
              const next = turn(version, `w${writer}.${done}`);
              const outcome = await scheduler.schedule(store.append(next));
              if (repeats && outcome.kind === "stored") await store.append(next);
              if (outcome.kind === "stored" || outcome.kind === "repeated") done += 1;
              version =
                outcome.kind === "conflict" ? outcome.currentVersion : "version" in outcome ? outcome.version : 0;
            }
          };
          const writers = turnsPerWriter.map((turns, writer) => write(writer, turns));
          await scheduler.waitFor(Promise.all(writers));
          const page = await store.messages(ann, "s", { size: 1000, after: undefined, now });
          const items = page?.items ?? [];
          const total = turnsPerWriter.reduce((sum, turns) => sum + turns, 0);
          expect(items.map(({ position }) => position)).toEqual(
            Array.from({ length: total * 2 }, (_, index) => index + 1),
          );
          expect(new Set(items.map(({ turnId }) => turnId)).size).toBe(total);
          for (let i = 0; i < items.length; i += 2) {
            expect(items[i]?.message.parts[0]?.text).toBe(`${items[i]?.turnId} asks`);
            expect(items[i + 1]?.message.parts[0]?.text).toBe(`${items[i]?.turnId} answers`);
          }
          expect((await store.get(ann, "s", now))?.version).toBe(total);
        },
      ),
      { numRuns: 60 },
    );
  });

  it("gives the most recent whole turns that fit a budget of tokens", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 4 }), {
          minLength: 1,
          maxLength: 8,
        }),
        fc.integer({ min: 1, max: 400 }),
        async (turns, maxTokens) => {
          const store = await open();
          for (const [version, sizes] of turns.entries()) {
            const messages = sizes.map((tokens, index) => ({ message: message(`${version}.${index}`), tokens }));
            await store.append(turn(version, `t${version}`, { messages }));
          }
          let used = 0;
          let first = turns.length;
          while (first > 0) {
            const size = turns[first - 1]?.reduce((sum, tokens) => sum + tokens, 0) ?? 0;
            if (used + size > maxTokens) break;
            used += size;
            first -= 1;
          }
          const expected = turns.slice(first).flatMap((sizes, index) => sizes.map((_, at) => `${first + index}.${at}`));
          const window = await store.window(ann, "s", { maxTokens, now });
          expect(window.messages.map(({ parts }) => parts[0]?.text)).toEqual(expected);
          expect(window).toMatchObject({ version: turns.length, truncated: first > 0 });
        },
      ),
      { numRuns: 100 },
    );
  });

  it("answers version 0 for a session that does not exist", async () => {
    const store = await open();
    expect(await store.window(ann, "s", { maxTokens: 100, now })).toEqual({
      messages: [],
      version: 0,
      truncated: false,
    });
    expect(await store.get(ann, "s", now)).toBeUndefined();
    expect(await store.messages(ann, "s", { size: 5, after: undefined, now })).toBeUndefined();
    expect(await store.delete(ann, "s", now)).toBe(false);
  });

  it("shows nobody the sessions of another user or tenant", async () => {
    const store = await open();
    await store.append(turn(0, "t1"));
    for (const other of [
      { tenant: "acme", user: "bob" },
      { tenant: "other", user: "ann" },
    ]) {
      expect((await store.window(other, "s", { maxTokens: 100, now })).version).toBe(0);
      expect(await store.delete(other, "s", now)).toBe(false);
      expect((await store.list(other, { size: 10, after: undefined, now })).items).toEqual([]);
      expect(await store.append(turn(0, "t1", { owner: other }))).toMatchObject({ kind: "stored", version: 1 });
    }
    expect((await textsOf(store)).length).toBe(2);
  });

  it("hides a session as soon as its time is over", async () => {
    const store = await open();
    await store.append(turn(0, "t1"));
    expect(await store.get(ann, "s", expires - 1)).toBeDefined();
    expect(await store.get(ann, "s", expires)).toBeUndefined();
    expect((await store.window(ann, "s", { maxTokens: 100, now: expires })).version).toBe(0);
    expect((await store.list(ann, { size: 10, after: undefined, now: expires })).items).toEqual([]);
    expect(await store.delete(ann, "s", expires)).toBe(false);
  });

  it("begins anew where an expired session was, but takes a turn that was based on it", async () => {
    const store = await open();
    await store.append(turn(0, "t1"));
    const later = { now: expires + 1, expires: expires + 1000 };
    expect(await store.append(turn(1, "t2", later))).toMatchObject({ kind: "stored", version: 2 });
    const muchLater = { now: expires + 2000, expires: expires + 9000 };
    expect(await store.append(turn(0, "t3", muchLater))).toEqual({ kind: "stored", version: 1, created: false });
    const { messages } = await store.window(ann, "s", { maxTokens: 1000, now: expires + 2000 });
    expect(messages.map(({ parts }) => parts[0]?.text)).toEqual(["t3 asks", "t3 answers"]);
    expect(await store.count()).toBe(1);
  });

  it("renews the time of a session with every turn", async () => {
    const store = await open();
    await store.append(turn(0, "t1"));
    await store.append(turn(1, "t2", { now: now + 5, expires: expires + 5 }));
    expect(await store.get(ann, "s", now)).toMatchObject({
      created: now,
      updated: now + 5,
      expires: expires + 5,
      messageCount: 4,
    });
  });

  it("removes expired sessions in batches and leaves the others", async () => {
    const store = await open();
    for (let user = 0; user < 45; user++) {
      await store.append(
        turn(0, "t1", { owner: { tenant: "acme", user: `u${user}` }, expires: now + (user % 2) * 1000 }),
      );
    }
    let swept = 0;
    let calls = 0;
    for (let more = true; more; calls++) {
      const result = await store.sweep(now);
      swept += result.sessions;
      more = result.more;
    }
    expect(swept).toBe(23);
    expect(calls).toBeGreaterThan(1);
    expect(await store.count()).toBe(22);
  });

  it("deletes a session with more messages than one operation removes, and its place can be used again", async () => {
    const store = await open();
    const many = Array.from({ length: 250 }, (_, index) => ({ message: message(`${index}`), tokens: 1 }));
    for (let version = 0; version < 20; version++) await store.append(turn(version, `t${version}`, { messages: many }));
    expect(await store.append(turn(20, "one more"))).toEqual({ kind: "session_full" });
    expect(await store.delete(ann, "s", now)).toBe(true);
    expect(await store.get(ann, "s", now)).toBeUndefined();
    expect(await store.append(turn(0, "again"))).toMatchObject({ kind: "stored", version: 1 });
    while ((await store.sweep(now)).more);
    expect(await textsOf(store)).toEqual(["again asks", "again answers"]);
  });

  it("admits no more sessions of a user than the limit, and new ones when old ones are gone", async () => {
    const store = await open();
    for (const id of ["a", "b", "c"]) await store.append(turn(0, "t", { sessionId: id }));
    expect(await store.append(turn(0, "t", { sessionId: "d" }))).toEqual({ kind: "too_many_sessions" });
    expect(await store.append(turn(1, "t2", { sessionId: "a" }))).toMatchObject({ kind: "stored" });
    await store.delete(ann, "b", now);
    expect(await store.append(turn(0, "t", { sessionId: "d" }))).toMatchObject({ kind: "stored" });
  });

  it("lists sessions last used first, page by page, each once", async () => {
    const store = await open();
    for (const [index, id] of ["a", "b", "c"].entries()) {
      await store.append(turn(0, "t", { sessionId: id, now: now + (index === 0 ? 5 : 3) }));
    }
    const listed: string[] = [];
    let after: readonly number[] | undefined;
    do {
      const page = await store.list(ann, { size: 1, after, now });
      listed.push(...page.items.map(({ id }) => id));
      after = page.next;
    } while (after !== undefined);
    expect(listed).toEqual(["a", "c", "b"]);
  });

  it("pages through messages in order", async () => {
    const store = await open();
    await store.append(turn(0, "t1"));
    await store.append(turn(1, "t2"));
    const first = await store.messages(ann, "s", { size: 3, after: undefined, now });
    const second = await store.messages(ann, "s", { size: 3, after: first?.next, now });
    expect(first?.items.map(({ position }) => position)).toEqual([1, 2, 3]);
    expect(second?.items.map(({ position, turnId }) => [position, turnId])).toEqual([[4, "t2"]]);
    expect(second?.next).toBeUndefined();
  });
});
