import { setImmediate as nextTurn } from "node:timers/promises";
import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import type { Database } from "./database.ts";
import { errors } from "./errors.ts";
import { openDatabase } from "./open.ts";

const migrations = ["CREATE TABLE entry (id INTEGER PRIMARY KEY, body TEXT NOT NULL) STRICT"];
const opened: Database[] = [];

function open(options: { maxBytes?: number; onStall?: (milliseconds: number) => void } = {}): Database {
  const database = openDatabase({ file: ":memory:", synchronous: "normal", migrations, ...options });
  opened.push(database);
  return database;
}

const insertText = "INSERT INTO entry VALUES (?, ?)";
const ids = (database: Database) =>
  database.read((sql) => sql.all<{ id: number }>("SELECT id FROM entry ORDER BY id").map(({ id }) => id));

afterEach(async () => {
  for (const database of opened.splice(0)) await database.close();
});

describe("write", () => {
  it("resolves with what the operation returns", async () => {
    const database = open();
    const changes = await database.write((sql) => sql.run(insertText, 1, "").changes);
    expect(changes).toBe(1);
    expect(await ids(database)).toEqual([1]);
  });

  it("undoes only the operation that throws and passes its error on", async () => {
    const database = open();
    const failure = new Error("no");
    const first = database.write((sql) => sql.run(insertText, 1, ""));
    const second = database.write((sql) => {
      sql.run(insertText, 2, "");
      throw failure;
    });
    const third = database.write((sql) => sql.run(insertText, 3, ""));
    await expect(second).rejects.toBe(failure);
    await Promise.all([first, third]);
    expect(await ids(database)).toEqual([1, 3]);
  });

  it("keeps exactly the operations that did not throw, in any mix", async () => {
    const operations = fc.array(fc.record({ fails: fc.boolean(), single: fc.boolean(), turn: fc.boolean() }));
    await fc.assert(
      fc.asyncProperty(operations, async (list) => {
        const database = openDatabase({ file: ":memory:", synchronous: "normal", migrations });
        const settled: Promise<unknown>[] = [];
        for (const [index, { fails, single, turn }] of list.entries()) {
          // A single statement fails by a null where none may be.
          const operation = single
            ? database.run(insertText, index, fails ? null : "")
            : database.write((sql) => failing(sql.run(insertText, index, ""), fails));
          settled.push(operation.catch(() => undefined));
          if (turn) await nextTurn();
        }
        await Promise.all(settled);
        const expected = [...list.keys()].filter((index) => !list[index]!.fails);
        expect(await ids(database)).toEqual(expected);
        await database.close();
      }),
    );
  });

  it("refuses an operation that returns a promise or calls the database, and undoes it", async () => {
    const database = open();
    const asynchronous = database.write(async (sql) => sql.run(insertText, 1, ""));
    await expect(asynchronous).rejects.toThrow("must be synchronous");
    let inner: Promise<unknown> = Promise.resolve();
    await database.write(() => {
      inner = database.run(insertText, 2, "");
      inner.catch(() => undefined);
    });
    await expect(inner).rejects.toThrow("must not call its database");
    expect(await ids(database)).toEqual([]);
  });

  it("carries numbers up to 9.0e15 exactly and refuses to read larger integers", async () => {
    const database = openDatabase({
      file: ":memory:",
      synchronous: "normal",
      migrations: ["CREATE TABLE amount (nano INTEGER NOT NULL) STRICT"],
    });
    opened.push(database);
    await database.run("INSERT INTO amount VALUES (?)", 9_000_000_000_000_001);
    const sum = await database.read((sql) => sql.get<{ nano: number }>("SELECT nano FROM amount"));
    expect(sum?.nano).toBe(9_000_000_000_000_001);
    await database.run("INSERT INTO amount VALUES (?)", 2n ** 60n);
    await expect(database.read((sql) => sql.all("SELECT nano FROM amount"))).rejects.toThrow(RangeError);
  });
});

function failing<T>(value: T, fails: boolean): T {
  if (fails) throw new Error("asked to fail");
  return value;
}

describe("read", () => {
  it("sees earlier writes of the same turn and resolves after them", async () => {
    const database = open();
    const order: string[] = [];
    const write = database.run(insertText, 1, "").then(() => order.push("write"));
    const read = ids(database).then((seen) => order.push(`read ${seen}`));
    await Promise.all([write, read]);
    expect(order).toEqual(["write", "read 1"]);
  });

  it("does not wait for a turn when nothing is pending", async () => {
    const database = open();
    let turned = false;
    setImmediate(() => {
      turned = true;
    });
    await ids(database);
    expect(turned).toBe(false);
  });

  it("refuses to change anything", async () => {
    const database = open();
    const sneaky = database.read((sql) => sql.get(`${insertText} RETURNING id`, 1, ""));
    await expect(sneaky).rejects.toThrow("use write");
    expect(await ids(database)).toEqual([]);
  });
});

describe("a full database", () => {
  it("rejects what does not fit with STORAGE_FULL, keeps what was stored and goes on when there is room", async () => {
    const database = open({ maxBytes: 40 * 4096 });
    const big = "x".repeat(8_000);
    const outcomes = await Promise.allSettled(
      Array.from({ length: 40 }, (_, index) => database.write((sql) => sql.run(insertText, index, big))),
    );
    const full = outcomes.filter((outcome) => outcome.status === "rejected" && errors.STORAGE_FULL.is(outcome.reason));
    const stored = outcomes.flatMap((outcome, index) => (outcome.status === "fulfilled" ? [index] : []));
    expect(full.length).toBeGreaterThan(0);
    expect(full.length + stored.length).toBe(40);
    expect(await ids(database)).toEqual(stored);
    await database.write((sql) => sql.run("DELETE FROM entry"));
    await database.run(insertText, 1, big);
    expect(await ids(database)).toEqual([1]);
  });
});

describe("a group that cannot be committed", () => {
  it("rejects everything of the group, stores nothing of it, and the next group works", async () => {
    // A constraint that is checked only by the commit makes it fail; stores use none.
    const deferred = "CREATE TABLE child (parent INTEGER REFERENCES entry (id) DEFERRABLE INITIALLY DEFERRED) STRICT";
    const database = openDatabase({ file: ":memory:", synchronous: "normal", migrations: [...migrations, deferred] });
    opened.push(database);
    const group = await Promise.allSettled([
      database.run(insertText, 1, ""),
      database.write((sql) => sql.run("INSERT INTO child VALUES (?)", 99)),
      database.read((sql) => sql.all("SELECT * FROM entry")),
    ]);
    expect(group.map(({ status }) => status)).toEqual(["rejected", "rejected", "rejected"]);
    expect(await ids(database)).toEqual([]);
    await database.run(insertText, 2, "");
    expect(await ids(database)).toEqual([2]);
  });
});

describe("close", () => {
  it("stores what is pending, then refuses further work with STORAGE_CLOSED", async () => {
    const database = open();
    const pending = database.run(insertText, 1, "");
    await database.close();
    await expect(pending).resolves.toEqual({ changes: 1 });
    await expect(database.run(insertText, 2, "")).rejects.toSatisfy(errors.STORAGE_CLOSED.is);
    await database.close();
  });
});
