/** What only this engine can do wrong: lose what it promised, or remember what was never stored. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { openDatabase } from "@agentmesh/state";
import { temporaryDirectory } from "@agentmesh/state/testing";
import { afterEach, describe, expect, it } from "vitest";
import { ann, holdOf, modelCall, noon, usd } from "../holds-store.fixture.ts";
import { SqliteHoldsStore } from "./holds-store.ts";
import { migrations } from "./schema.ts";

const spender = fileURLToPath(new URL("./spend-forever.fixture.ts", import.meta.url));
const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).reverse()) await clean();
});

function temporaryFile(): string {
  const folder = temporaryDirectory();
  cleanups.push(() => folder.remove());
  return join(folder.path, "cost.db");
}

function openStore(file: string, maxBytes?: number) {
  const database = openDatabase({
    file,
    synchronous: "normal",
    migrations,
    ...(maxBytes === undefined ? {} : { maxBytes }),
  });
  const most = 1_000_000 * usd;
  const limits = { request: most, keyMonth: most, userDay: most, tenantMonth: most, globalDay: most };
  const store = new SqliteHoldsStore({ database, clock: () => noon, limits, runRetentionMs: 86_400_000 });
  cleanups.push(() => database.close());
  return { store, database };
}

async function tenantFigures(store: SqliteHoldsStore, payer = ann) {
  const state = (await store.limits(payer)).find(({ scope }) => scope === "tenant_month")!;
  return { settled: state.settled, held: state.held };
}

describe("holds in SQLite", () => {
  it("remembers nothing of holds that a full disk refused", async () => {
    const { store } = openStore(temporaryFile(), 160 * 1024);
    const resource = "x".repeat(128);
    let admitted = 0;
    let failure: unknown;
    while (failure === undefined) {
      const burst = Array.from({ length: 8 }, (_, n) =>
        store.hold(holdOf(`${admitted}-${n}`, { attribution: { ...modelCall, resource } })),
      );
      const results = await Promise.allSettled(burst);
      admitted += results.filter(({ status }) => status === "fulfilled").length;
      failure = results.find((result) => result.status === "rejected")?.reason;
    }
    expect(failure).toMatchObject({ reason: "STORAGE_FULL" });
    expect(await store.openHolds()).toBe(admitted);
    expect(await tenantFigures(store)).toEqual({ settled: 0, held: admitted * usd });
  });

  it("keeps everything it confirmed when the process is killed, and its counters add up", async () => {
    const file = temporaryFile();
    const child = spawn(process.execPath, [spender, file], { stdio: ["ignore", "pipe", "inherit"] });
    cleanups.push(() => child.kill("SIGKILL"));
    const confirmed: string[] = [];
    for await (const line of createInterface({ input: child.stdout })) {
      confirmed.push(line);
      if (confirmed.length === 400) child.kill("SIGKILL");
    }
    if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
    const { store, database } = openStore(file);
    const rows = await database.read((sql) =>
      sql.all<{ hold_id: string; state: number }>("SELECT hold_id, state FROM holds"),
    );
    const states = new Map(rows.map(({ hold_id, state }) => [hold_id, state]));
    for (const line of confirmed) {
      const [what, holdId = ""] = line.split(" ");
      expect(states.has(holdId)).toBe(true);
      if (what === "settled") expect(states.get(holdId)).toBe(1);
    }
    const query = "SELECT sum(amount) AS amount FROM ledger";
    const booked = await database.read((sql) => sql.get<{ amount: number }>(query));
    const counted = await database.read((sql) =>
      sql.get<{ settled: number }>("SELECT settled FROM counters WHERE key LIKE 'tenant/%'"),
    );
    expect(counted?.settled).toBe(booked?.amount);
    const open = rows.filter(({ state }) => state === 0).length;
    expect(await store.openHolds()).toBe(open);
  });
});
