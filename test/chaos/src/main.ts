/**
 * `npm run test:chaos [-- --kills 200] [-- --seed 1]`: kills the whole mesh with kill -9 at random moments under load,
 * restarts it on the same data, and at the end counts what was lost, repeated or overspent. A seed reproduces the
 * schedule of kills and the work, not the operating system's timing.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { LimitScope } from "@agentmesh/contracts/cost/v1/cost";
import { createSimulator } from "@agentmesh/llm-simulator";
import { audit, isClean } from "./audit.ts";
import { seededRandom } from "./random.ts";
import { type Doors, Victim } from "./victim.ts";
import { eventually, type Memory, retryUnanswered, submitUntil } from "./workload.ts";

const { values } = parseArgs({
  options: { kills: { type: "string", default: "200" }, seed: { type: "string" }, help: { type: "boolean" } },
});
if (values.help) {
  console.log("npm run test:chaos -- [--kills <number, default 200>] [--seed <number>]");
  process.exit(0);
}
const kills = Number(values.kills);
const seed = Number(values.seed ?? Date.now() % 1_000_000);
if (!Number.isInteger(kills) || kills < 1 || !Number.isInteger(seed))
  throw new Error("--kills and --seed take whole numbers");
console.log(`chaos: ${kills} kills, seed ${seed}`);

const random = seededRandom(seed);
const dataDirectory = mkdtempSync(join(tmpdir(), "agentmesh-chaos-"));
const simulator = await createSimulator({});
const victim = await Victim.prepare(dataDirectory, {
  AGENTMESH_LLM_ROUTER_PROVIDER_URL: simulator.url,
  AGENTMESH_GATEWAY_REQUESTS_PER_MINUTE: "1000000",
  AGENTMESH_GATEWAY_BURST: "100000",
  AGENTMESH_TOOL_REGISTRY_PRICES: "calculator=0.000001",
});
const memory: Memory = { sent: new Map(), accepted: new Map() };
const readyTimes: number[] = [];

/**
 * Lets a few more runs fit than were paid for already, so that the limit is met again and again while processes die.
 * It only ever grows: what was admitted once stays admitted.
 */
async function moveLimit(admin: Doors, doors: Doors, keyId: string): Promise<void> {
  const { limits } = await eventually(() => doors.usage.listLimits({}));
  const state = limits.find(({ scope }) => scope === LimitScope.KEY_MONTH);
  const used = (state?.settled?.nanoUsd ?? 0n) + (state?.held?.nanoUsd ?? 0n);
  const nanoUsd = used + BigInt(Math.floor((0.02 + random() * 0.2) * 1e9));
  await eventually(() =>
    admin.usage.setLimit({ limit: { scope: LimitScope.KEY_MONTH, subject: keyId, limit: { nanoUsd } } }),
  );
}

try {
  readyTimes.push(await victim.start());
  const admin = victim.doors(victim.adminKey);
  const { secret, key } = await admin.keys.createKey({ name: "chaos", user: "chaos", scopes: ["*"] });
  const doors = victim.doors(secret);
  for (let kill = 1; kill <= kills; kill += 1) {
    await moveLimit(admin, doors, key?.id ?? "");
    let stopped = false;
    const load = submitUntil(doors, memory, { random, stop: () => stopped });
    await new Promise((resolve) => setTimeout(resolve, 30 + random() * 400));
    await victim.kill();
    stopped = true;
    await load;
    readyTimes.push(await victim.start());
    await retryUnanswered(doors, memory);
    if (kill % 10 === 0) console.log(`${kill} kills, ${memory.accepted.size} runs accepted`);
  }
  while ((await retryUnanswered(doors, memory)) > 0);
  const findings = await audit(doors, memory);
  readyTimes.sort((a, b) => a - b);
  const at = (share: number) => Math.round(readyTimes[Math.floor((readyTimes.length - 1) * share)] ?? 0);
  console.log(findings);
  console.log(`restart until ready: p50 ${at(0.5)} ms, p99 ${at(0.99)} ms`);
  if (!isClean(findings)) {
    console.log(`${victim.output}\nchaos: FAILED (seed ${seed})`);
    process.exitCode = 1;
  } else {
    console.log(`chaos: clean after ${kills} kills`);
  }
} finally {
  await victim.stop();
  await simulator.close();
  rmSync(dataDirectory, { recursive: true, force: true });
}
