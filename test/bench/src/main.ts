/**
 * `npm run bench [-- --quick]`: what a request costs, as ratios to a bare Node proxy in the same run. Interleaved
 * rounds, medians over them. Prints a table and writes test/bench/latest.json (not with --quick).
 * `npm run bench -- --profile b` loads one case of the mesh instead and leaves a CPU profile in .cache/profiles.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { Pool } from "undici";
import { agentTurn, mixedSteps, modelCall, stepsPerRun, toolSteps } from "./cases.ts";
import { type LoadRequest, runLoad } from "./load.ts";
import type { MeasuredProcess } from "./measured-process.ts";
import { startMesh, startProxy, startSimulator } from "./processes.ts";
import { type CaseResult, printReport, summarise } from "./report.ts";

const { values: options } = parseArgs({ options: { quick: { type: "boolean" }, profile: { type: "string" } } });
const quick = options.quick === true;
const rounds = quick ? 3 : 5;
const milliseconds = quick ? 600 : 2_000;
const dataDirectory = mkdtempSync(join(tmpdir(), "agentmesh-bench-"));

const simulator = await startSimulator();
const proxy = await startProxy(simulator.url);
const mesh = await startMesh({ dataDirectory, simulatorUrl: simulator.url });
const idle = await mesh.process.sample();

interface Target {
  readonly name: string;
  readonly process: MeasuredProcess;
  readonly pool: Pool;
  readonly request: LoadRequest;
  readonly steps?: number;
}
const proxyPool = new Pool(proxy.url, { connections: 64 });
const meshPool = new Pool(mesh.url, { connections: 64, headersTimeout: 120_000, bodyTimeout: 120_000 });
const compared: Target[] = [
  { name: "(a) bare proxy", process: proxy.process, pool: proxyPool, request: modelCall(mesh.key) },
  { name: "(b) model call", process: mesh.process, pool: meshPool, request: modelCall(mesh.key) },
  { name: "(c) agent turn", process: mesh.process, pool: meshPool, request: agentTurn(mesh.key) },
];
const stepped: Target[] = [
  {
    name: "(d) tool steps",
    process: mesh.process,
    pool: meshPool,
    request: toolSteps(mesh.key),
    steps: stepsPerRun.toolSteps,
  },
  {
    name: "(e) model and tool steps",
    process: mesh.process,
    pool: meshPool,
    request: mixedSteps(mesh.key),
    steps: stepsPerRun.mixedSteps,
  },
];

async function measure(target: Target, inFlight: number, length: number): Promise<CaseResult> {
  await target.process.sample();
  const load = await runLoad(target.pool, target.request, { inFlight, milliseconds: length });
  const used = await target.process.sample();
  return {
    name: target.name,
    inFlight,
    cpuMicros: used.cpuMicros / load.requests,
    requestsPerSecond: load.requests / load.seconds,
    stepsPerSecond: (load.requests * (target.steps ?? 0)) / load.seconds,
    p50Ms: load.p50Ms,
    p99Ms: load.p99Ms,
    rssBytes: used.rssBytes,
    stallP99Ms: used.stallP99Ms,
    stallMaxMs: used.stallMaxMs,
  };
}

/** One case only, long enough for a profile. */
async function profile(name: string): Promise<void> {
  const target = [...compared, ...stepped].find((candidate) => candidate.name.startsWith(`(${name})`));
  if (target === undefined) throw new Error("--profile takes b, c, d or e");
  await measure(target, 16, 5_000);
  const finish = await target.process.profile();
  console.log(await measure(target, 16, 8_000));
  await finish(fileURLToPath(new URL("../../../.cache/profiles", import.meta.url)));
}

async function compare(): Promise<CaseResult[][]> {
  const results: CaseResult[][] = [];
  process.stderr.write("warming up …\n");
  for (const target of [...compared, ...stepped]) await measure(target, 16, quick ? 1_000 : 3_000);
  for (let round = 1; round <= rounds; round += 1) {
    process.stderr.write(`round ${round} of ${rounds} …\n`);
    const ofRound: CaseResult[] = [];
    for (const inFlight of [1, 16, 64]) {
      for (const target of compared) ofRound.push(await measure(target, inFlight, milliseconds));
    }
    for (const target of stepped) ofRound.push(await measure(target, 16, milliseconds));
    results.push(ofRound);
  }
  return results;
}

let results: CaseResult[][] = [];
try {
  if (options.profile === undefined) results = await compare();
  else await profile(options.profile);
} finally {
  await Promise.all([proxyPool.close(), meshPool.close()]);
  for (const { process: started } of [mesh, proxy, simulator]) await started.stop();
  rmSync(dataDirectory, { recursive: true, force: true });
}
if (options.profile !== undefined) process.exit(0);
const summary = summarise({ rounds: results, idleRssBytes: idle.rssBytes, readyMs: mesh.readyMs });
printReport(summary);
if (!quick) writeFileSync(new URL("../latest.json", import.meta.url), `${JSON.stringify(summary, null, 2)}\n`);
if (summary.bars.some((bar) => !bar.holds)) process.stdout.write("Not all bars hold; the table says by how much.\n");
