import { describe, expect, it } from "vitest";
import { TableCache } from "./table-cache.ts";
import { VectorTable } from "./vector-table.ts";

function loading() {
  const loaded: number[] = [];
  const load = async (collection: number, dimensions: number) => {
    loaded.push(collection);
    return new VectorTable(dimensions);
  };
  return { loaded, load };
}

describe("the cache of collections", () => {
  it("reads a collection once, however many ask at the same time", async () => {
    const { loaded, load } = loading();
    const cache = new TableCache(load, 1_000_000);
    const tables = await Promise.all([cache.get(1, 4), cache.get(1, 4), cache.get(1, 4)]);
    expect(loaded).toEqual([1]);
    expect(new Set(tables).size).toBe(1);
  });

  it("drops the least recently used collections when there are too many, never the one in use", async () => {
    const { loaded, load } = loading();
    const bytes = new VectorTable(4).bytes;
    const cache = new TableCache(load, bytes * 2);
    for (const collection of [1, 2, 1, 3]) await cache.get(collection, 4);
    expect(cache.bytes).toBe(bytes * 2);
    await cache.get(1, 4);
    expect(loaded).toEqual([1, 2, 3]);
    await cache.get(2, 4);
    expect(loaded).toEqual([1, 2, 3, 2]);
    const small = new TableCache(load, 1);
    expect(await small.get(9, 4)).toBe(await small.get(9, 4));
  });

  it("applies what is stored while a collection is read", async () => {
    const gate = Promise.withResolvers<VectorTable>();
    const cache = new TableCache(() => gate.promise, 1_000_000);
    const table = cache.get(1, 2);
    cache.apply(1, (loaded) => loaded.set(7, Float32Array.of(1, 0)));
    gate.resolve(new VectorTable(2));
    expect((await table).size).toBe(1);
  });

  it("tries again after a collection could not be read", async () => {
    let calls = 0;
    const cache = new TableCache(async () => {
      calls += 1;
      if (calls === 1) throw new Error("disk");
      return new VectorTable(2);
    }, 1_000_000);
    await expect(cache.get(1, 2)).rejects.toThrow("disk");
    expect((await cache.get(1, 2)).size).toBe(0);
  });
});
