import { describe, expect, it } from "vitest";
import { VectorTable } from "./vector-table.ts";

const signal = new AbortController().signal;

function randomVector(dimensions: number, seed: number): Float32Array {
  let state = seed + 1;
  const next = () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647 - 0.5;
  };
  return Float32Array.from({ length: dimensions }, next);
}

function filled(rows: number, dimensions: number): VectorTable {
  const table = new VectorTable(dimensions);
  for (let key = 1; key <= rows; key++) table.set(key, randomVector(dimensions, key));
  return table;
}

describe("a table of vectors", () => {
  it("finds the same as sorting all rows does, for lengths that are no multiple of four", async () => {
    const table = filled(500, 7);
    const query = randomVector(7, 9999);
    const all = Array.from({ length: 500 }, (_, index) => {
      const vector = randomVector(7, index + 1);
      return { key: index + 1, score: vector.reduce((sum, value, at) => sum + value * (query[at] ?? 0), 0) };
    });
    const expected = all.toSorted((a, b) => b.score - a.score).slice(0, 10);
    const found = await table.nearest(query, { limit: 10, minScore: -1, signal });
    expect(found.map(({ key }) => key)).toEqual(expected.map(({ key }) => key));
  });

  it("orders equal rows by key and returns no more than asked for", async () => {
    const table = new VectorTable(2);
    for (const key of [5, 3, 9, 1]) table.set(key, Float32Array.of(1, 0));
    const found = await table.nearest(Float32Array.of(1, 0), { limit: 3, minScore: 0, signal });
    expect(found.map(({ key }) => key)).toEqual([1, 3, 5]);
  });

  it("uses the places of deleted rows again", () => {
    const table = filled(64, 8);
    const { bytes } = table;
    for (let round = 0; round < 10; round++) {
      for (let key = 1; key <= 64; key++) table.delete(key + round * 64);
      for (let key = 1; key <= 64; key++) table.set(key + (round + 1) * 64, randomVector(8, key));
    }
    expect(table.size).toBe(64);
    expect(table.bytes).toBe(bytes);
  });

  it("lets the event loop turn during a large search, and stops when it is cancelled", async () => {
    const table = filled(10_000, 512);
    let turns = 0;
    const turning = setInterval(() => turns++, 0);
    const search = { limit: 5, minScore: -100, signal };
    for (let i = 0; i < 5; i++) expect((await table.nearest(randomVector(512, i), search)).length).toBe(5);
    clearInterval(turning);
    expect(turns).toBeGreaterThan(0);
    const controller = new AbortController();
    const cancelled = table.nearest(randomVector(512, 1), { ...search, signal: controller.signal });
    controller.abort(new Error("no longer wanted"));
    await expect(cancelled).rejects.toThrow("no longer wanted");
  });
});
