import { openDatabase } from "@agentmesh/state";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Batches } from "./batches.ts";

const migrations = ["CREATE TABLE entry (id INTEGER PRIMARY KEY) STRICT"];
let database: ReturnType<typeof openDatabase>;
let happened: string[];
let batches: Batches;

beforeEach(() => {
  database = openDatabase({ file: ":memory:", synchronous: "normal", migrations });
  happened = [];
  batches = new Batches(database, {
    begin: () => happened.push("begin"),
    end: () => happened.push("end"),
    lost: () => happened.push("lost"),
  });
});
afterEach(() => database.close());

const insert = (id: number) => batches.add((sql) => sql.run("INSERT INTO entry VALUES (?)", id).changes);
const stored = () => database.read((sql) => sql.all<{ id: number }>("SELECT id FROM entry").map(({ id }) => id));

describe("batches", () => {
  it("frame the operations of one turn once, and give each caller its own result", async () => {
    const results = await Promise.all([insert(1), batches.add(() => "second"), insert(3)]);
    expect(results).toEqual([1, "second", 1]);
    expect(happened).toEqual(["begin", "end"]);
    expect(await stored()).toEqual([1, 3]);
  });

  it("let an operation that throws fail alone", async () => {
    const broken = batches.add(() => {
      throw new Error("a fault of this operation");
    });
    const results = await Promise.allSettled([insert(1), broken, insert(2)]);
    expect(results.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
    expect(await stored()).toEqual([1, 2]);
    expect(happened).toContain("lost");
  });

  it("fail together when the storage does", async () => {
    const waiting = [insert(1), insert(2)];
    await database.close();
    const results = await Promise.allSettled(waiting);
    expect(results).toMatchObject([{ reason: { reason: "STORAGE_CLOSED" } }, { reason: { reason: "STORAGE_CLOSED" } }]);
    expect(happened).toEqual(["lost"]);
  });

  it("take more operations than fit one transaction", async () => {
    await Promise.all(Array.from({ length: 1_200 }, (_, id) => insert(id)));
    expect((await stored()).length).toBe(1_200);
    expect(happened.filter((event) => event === "begin")).toHaveLength(3);
  });
});
