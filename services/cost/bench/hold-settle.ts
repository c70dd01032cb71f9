/**
 * CPU of one hold and its settlement against six limits, in microseconds, on a real file.
 *
 *     node services/cost/bench/hold-settle.ts [pairs] [in flight]
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openDatabase } from "@agentmesh/state";
import { SqliteHoldsStore } from "../src/adapters/sqlite/holds-store.ts";
import { migrations } from "../src/adapters/sqlite/schema.ts";
import { MAX_AMOUNT } from "../src/domain/amount.ts";
import { NO_TOKENS } from "../src/domain/charge.ts";

const pairs = Number(process.argv[2] ?? 20_000);
const inFlight = Number(process.argv[3] ?? 32);
const folder = mkdtempSync(join(tmpdir(), "agentmesh-bench-"));
const database = openDatabase({ file: join(folder, "cost.db"), synchronous: "normal", migrations });
const limits = {
  request: MAX_AMOUNT,
  keyMonth: MAX_AMOUNT,
  userDay: MAX_AMOUNT,
  tenantMonth: MAX_AMOUNT,
  globalDay: MAX_AMOUNT,
};
const store = new SqliteHoldsStore({ database, clock: Date.now, limits, runRetentionMs: 86_400_000 });

async function pair(n: number): Promise<void> {
  const holdId = `run-${n}/think-1`;
  const tenant = `tenant-${n % 4}`;
  await store.hold({
    holdId,
    payer: { tenant, user: `user-${n % 16}`, keyId: `key-${n % 8}` },
    attribution: { agentId: "assistant", runId: `run-${n}`, type: "model", resource: "gpt" },
    amount: 1_000_000,
    runLimit: MAX_AMOUNT,
    timeToLiveMs: 600_000,
  });
  await store.settle({ tenant, holdId, amount: 900_000, tokens: NO_TOKENS, estimated: false });
}

async function measure(from: number, count: number): Promise<{ cpu: number; wall: number }> {
  const started = performance.now();
  const before = process.cpuUsage();
  let next = from;
  const worker = async () => {
    while (next < from + count) await pair(next++);
  };
  await Promise.all(Array.from({ length: inFlight }, worker));
  const { user, system } = process.cpuUsage(before);
  return { cpu: (user + system) / count, wall: ((performance.now() - started) * 1000) / count };
}

await measure(0, pairs / 4);
const rounds: { cpu: number; wall: number }[] = [];
for (let round = 1; round <= 5; round++) rounds.push(await measure(round * pairs, pairs));
const median = (values: number[]) => values.sort((a, b) => a - b)[2]?.toFixed(1);
process.stdout.write(
  `${inFlight} in flight, ${pairs} pairs: ${median(rounds.map(({ cpu }) => cpu))} µs CPU, ` +
    `${median(rounds.map(({ wall }) => wall))} µs elapsed per hold and settle\n`,
);
await database.close();
rmSync(folder, { recursive: true });
