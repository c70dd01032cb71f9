/** What every engine of the memory store promises. */
import { openDatabase } from "@agentmesh/state";
import { type ContractEngine, describeContract } from "@agentmesh/state/testing";
import fc from "fast-check";
import { expect, it } from "vitest";
import type { MemoryStore } from "../domain/memory-store.ts";
import { SqliteMemoryStore } from "./sqlite/memory-store.ts";
import { migrations } from "./sqlite/schema.ts";

const sqlite: ContractEngine<MemoryStore> = {
  name: "sqlite",
  async open() {
    const database = openDatabase({ file: ":memory:", synchronous: "normal", migrations });
    const limits = { maxRecordsPerCollection: 700, maxCollectionsPerUser: 3, cacheBytes: 20_000 };
    return { store: new SqliteMemoryStore(database, limits), close: () => database.close() };
  },
};

const name = { owner: { tenant: "acme", user: "ann" }, collection: "default" };
const options = { limit: 3, minScore: -1, signal: new AbortController().signal };
const model = "test";

function vectorAt(degrees: number): Float32Array {
  const radians = (degrees * Math.PI) / 180;
  return Float32Array.of(Math.cos(radians), Math.sin(radians), 0, 0, 0);
}

function record(id: string) {
  return { id, text: `text of ${id}`, metadata: { source: id }, created: 5 };
}

async function remember(store: MemoryStore, id: string, degrees: number, collection = name) {
  return store.remember(collection, record(id), { model, values: vectorAt(degrees) });
}

async function idsNear(store: MemoryStore, degrees: number, collection = name) {
  return (await store.nearest(collection, vectorAt(degrees), options)).map(({ record: { id } }) => id);
}

describeContract("memory store", [sqlite], (open) => {
  it("finds the nearest, best first, with its cosine similarity", async () => {
    const store = await open();
    for (const degrees of [0, 30, 60, 90, 180]) await remember(store, `at ${degrees}`, degrees);
    const found = await store.nearest(name, vectorAt(25), { ...options, minScore: 0.5 });
    expect(found.map(({ record: { id } }) => id)).toEqual(["at 30", "at 0", "at 60"]);
    expect(found[0]?.record).toEqual(record("at 30"));
    expect(found[0]?.score).toBeCloseTo(Math.cos((5 * Math.PI) / 180), 5);
    expect(await store.nearest(name, vectorAt(25), { ...options, minScore: 0.99 })).toHaveLength(1);
  });

  it("shows at once what was remembered, replaced and forgotten", async () => {
    const store = await open();
    await remember(store, "a", 0);
    expect(await idsNear(store, 0)).toEqual(["a"]);
    await remember(store, "b", 10);
    await remember(store, "a", 90);
    expect(await idsNear(store, 0)).toEqual(["b", "a"]);
    expect(await store.forget(name, "b")).toBe(true);
    expect(await store.forget(name, "b")).toBe(false);
    expect(await idsNear(store, 0)).toEqual(["a"]);
  });

  it("keeps collections, users and tenants apart", async () => {
    const store = await open();
    await remember(store, "mine", 0);
    for (const other of [
      { ...name, collection: "other" },
      { owner: { tenant: "acme", user: "bob" }, collection: "default" },
      { owner: { tenant: "other", user: "ann" }, collection: "default" },
    ]) {
      expect(await idsNear(store, 0, other)).toEqual([]);
      expect(await store.forget(other, "mine")).toBe(false);
      await remember(store, "theirs", 0, other);
      expect(await idsNear(store, 0, other)).toEqual(["theirs"]);
    }
    expect(await idsNear(store, 0)).toEqual(["mine"]);
  });

  it("refuses vectors of another model or length until the collection is empty", async () => {
    const store = await open();
    await remember(store, "a", 0);
    const other = { model: "other", values: vectorAt(0) };
    expect(await store.remember(name, record("b"), other)).toMatchObject({ kind: "other_model", model });
    const longer = { model, values: new Float32Array(6) };
    expect(await store.remember(name, record("b"), longer)).toMatchObject({ kind: "other_model" });
    await store.forget(name, "a");
    expect(await store.model(name)).toBeUndefined();
    expect(await store.remember(name, record("b"), other)).toEqual({ kind: "stored" });
    expect(await store.model(name)).toMatchObject({ model: "other", dimensions: 5 });
    expect(await idsNear(store, 0)).toEqual(["b"]);
  });

  it("admits no more memories and collections than the limits, but replaces what is there", async () => {
    const store = await open();
    for (let i = 0; i < 700; i++) await remember(store, `m${i}`, i);
    expect(await remember(store, "one more", 0)).toEqual({ kind: "full" });
    expect(await remember(store, "m5", 200)).toEqual({ kind: "stored" });
    for (const collection of ["b", "c"]) await remember(store, "x", 0, { ...name, collection });
    expect(await remember(store, "x", 0, { ...name, collection: "d" })).toEqual({ kind: "too_many_collections" });
  });

  it("changes the facts about a memory without its text", async () => {
    const store = await open();
    await remember(store, "a", 0);
    expect(await store.describe(name, "a", { metadata: { new: true }, created: 9 })).toBe(true);
    expect(await store.find(name, "a")).toEqual({ id: "a", text: "text of a", metadata: { new: true }, created: 9 });
    expect(await store.describe(name, "b", { metadata: {}, created: 9 })).toBe(false);
  });

  it("finds what a plain comparison of all finds, whatever is changed while it searches and loads", async () => {
    const change = fc.record({
      id: fc.integer({ min: 0, max: 40 }),
      degrees: fc.option(fc.integer({ min: 0, max: 359 })),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(change, { maxLength: 80 }),
        fc.array(change, { maxLength: 20 }),
        async (before, during) => {
          const store = await open();
          const expected = new Map<string, number>();
          const apply = ({ id, degrees }: { id: number; degrees: number | null }): Promise<unknown> => {
            if (degrees === null) expected.delete(`m${id}`);
            else expected.set(`m${id}`, degrees);
            return degrees === null ? store.forget(name, `m${id}`) : remember(store, `m${id}`, degrees);
          };
          for (const one of before) await apply(one);
          // The first search reads the collection while the changes are stored.
          const searches = [store.nearest(name, vectorAt(0), options)];
          const changes = during.map((one) => {
            searches.push(store.nearest(name, vectorAt(90), options));
            return apply(one);
          });
          await Promise.all([...searches, ...changes]);
          const found = await store.nearest(name, vectorAt(45), { ...options, limit: 50 });
          expect(found.map(({ record: { id } }) => id).sort()).toEqual([...expected.keys()].sort());
          for (const {
            record: { id },
            score,
          } of found) {
            expect(score).toBeCloseTo(Math.cos((((expected.get(id) ?? 0) - 45) * Math.PI) / 180), 4);
          }
        },
      ),
      { numRuns: 60 },
    );
  });
});
