import { openDatabase } from "@agentmesh/state";
import { afterEach, describe, expect, it } from "vitest";
import { Counters } from "./counters.ts";
import { migrations } from "./schema.ts";

const database = openDatabase({ file: ":memory:", synchronous: "normal", migrations });
afterEach(() => database.run("DELETE FROM counters"));

function identity(user: string) {
  return { scope: "user_day", key: `user/2026-11-21/acme/${user}`, subject: user, ends: 1_000 } as const;
}

describe("counters", () => {
  it("forgets idle ones beyond its bound, never those of open holds, and reads them again", async () => {
    const counters = new Counters({ clock: () => 0, runRetentionMs: 1, mostIdle: 10 });
    const held = await database.write((sql) => {
      const counter = counters.get(sql, identity("holder"));
      counter.open = 1;
      for (let n = 0; n < 30; n++) counters.settle(counters.get(sql, identity(`u${n}`)), n);
      counters.flush(sql);
      return counter;
    });
    await database.write((sql) => {
      expect(counters.get(sql, identity("holder"))).toBe(held);
      expect(counters.get(sql, identity("u7"))).toMatchObject({ settled: 7, held: 0 });
    });
  });

  it("writes each changed counter once per flush", async () => {
    const counters = new Counters({ clock: () => 0, runRetentionMs: 1 });
    const runs: string[] = [];
    await database.write((sql) => {
      const counting = {
        ...sql,
        run: (text: string, ...values: never[]) => {
          runs.push(text);
          return sql.run(text, ...values);
        },
      };
      for (let n = 0; n < 5; n++) counters.settle(counters.get(counting, identity("ann")), 2);
      counters.flush(counting);
      counters.flush(counting);
    });
    expect(runs).toHaveLength(1);
    expect(await database.read((sql) => sql.all("SELECT settled FROM counters"))).toEqual([{ settled: 10 }]);
  });
});
