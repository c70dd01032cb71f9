/**
 * CPU of one call of the calculator with its record, in microseconds, on a real file.
 *
 *     node services/tool-registry/bench/execute-tool.ts [calls] [in flight]
 */
import { mkdtempSync, rmSync } from "node:fs";
import { devNull, tmpdir } from "node:os";
import { join } from "node:path";
import { openDatabase } from "@agentmesh/state";
import { createTelemetry } from "@agentmesh/telemetry";
import { migrations } from "../src/adapters/sqlite/schema.ts";
import { SqliteStepStore } from "../src/adapters/sqlite/step-store.ts";
import { Catalogue } from "../src/domain/catalogue.ts";
import { ToolExecutor } from "../src/domain/tool-executor.ts";
import { ToolReport } from "../src/domain/tool-report.ts";
import { calculator } from "../src/domain/tools/calculator/calculator.ts";
import { toolInstruments } from "../src/metrics.ts";

const calls = Number(process.argv[2] ?? 20_000);
const inFlight = Number(process.argv[3] ?? 32);
const folder = mkdtempSync(join(tmpdir(), "agentmesh-bench-"));
const database = openDatabase({ file: join(folder, "tools.db"), synchronous: "normal", migrations });
const { logger, metrics, tracer } = await createTelemetry({ service: "bench", level: "info", destination: devNull });
const executor = new ToolExecutor({
  catalogue: new Catalogue([calculator], { perCall: 0, perTool: new Map() }),
  store: await SqliteStepStore.open(database, Date.now),
  report: new ToolReport(logger, toolInstruments(metrics)),
  logger,
  tracer,
  leaseGraceMs: 5_000,
});
const principal = { tenant: "acme", user: "ann", keyId: "k", roles: [], scopes: [] };
const credential = { principal, token: () => "" };
const scope = { signal: new AbortController().signal, deadline: undefined, credential, span: undefined };

function call(n: number): Promise<unknown> {
  const argumentsJson = `{"expression":"(${n} + 17) * 3.5"}`;
  return executor.execute(
    { runId: `run-${n >> 2}`, stepKey: `turn-${n}/act`, tool: "calculator", argumentsJson },
    scope,
  );
}

async function measure(from: number, count: number): Promise<{ cpu: number; wall: number }> {
  const started = performance.now();
  const before = process.cpuUsage();
  let next = from;
  const worker = async () => {
    while (next < from + count) await call(next++);
  };
  await Promise.all(Array.from({ length: inFlight }, worker));
  const { user, system } = process.cpuUsage(before);
  return { cpu: (user + system) / count, wall: ((performance.now() - started) * 1000) / count };
}

await measure(0, calls / 4);
const rounds: { cpu: number; wall: number }[] = [];
for (let round = 1; round <= 5; round++) rounds.push(await measure(round * calls, calls));
const median = (values: number[]) => values.sort((a, b) => a - b)[2]?.toFixed(1);
process.stdout.write(
  `${inFlight} in flight, ${calls} calls: ${median(rounds.map(({ cpu }) => cpu))} µs CPU, ` +
    `${median(rounds.map(({ wall }) => wall))} µs elapsed per call\n`,
);
await database.close();
rmSync(folder, { recursive: true });
