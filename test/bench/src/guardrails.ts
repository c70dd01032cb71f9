/**
 * `npm run bench:guardrail [-- --quick]`: what guardrails cost a model call. The same call through a bare proxy, and
 * through meshes whose policy is empty, the default, and "full": every check of input and output. CPU per request,
 * medians over interleaved rounds; the guardrail's share is what a policy adds to the empty one.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { Pool } from "undici";
import { modelCall } from "./cases.ts";
import { runLoad } from "./load.ts";
import { startMesh, startProxy, startSimulator } from "./processes.ts";
import { median } from "./statistics.ts";

const { values } = parseArgs({ options: { quick: { type: "boolean", default: false } } });
const rounds = values.quick ? 3 : 5;
const milliseconds = values.quick ? 800 : 2_000;
const inFlight = 16;
const bundled = new URL("../../../services/guardrail/policies/", import.meta.url);

const policies: Readonly<Record<string, string | undefined>> = {
  "(b0) empty policy": "name: default\nrules: []\n",
  "(b) default policy": undefined,
  // Everything that is checked; the links and languages of the bench's answers pass.
  "(b+) full policy": readFileSync(new URL("example.yaml", bundled), "utf8").replace(
    /^name: example$/m,
    "name: default",
  ),
};

const folder = mkdtempSync(join(tmpdir(), "agentmesh-bench-"));
const simulator = await startSimulator();
const proxy = await startProxy(simulator.url);
const targets = [];
for (const [index, [name, policy]] of Object.entries(policies).entries()) {
  const own = join(folder, String(index));
  mkdirSync(join(own, "policies"), { recursive: true });
  if (policy !== undefined) writeFileSync(join(own, "policies", "default.yaml"), policy);
  const mesh = await startMesh({
    dataDirectory: join(own, "data"),
    simulatorUrl: simulator.url,
    environment: { AGENTMESH_GUARDRAIL_POLICY_FOLDER: join(own, "policies") },
  });
  targets.push({ name, process: mesh.process, pool: new Pool(mesh.url, { connections: 64 }), key: mesh.key });
}
const [first] = targets;
targets.unshift({
  name: "(a) bare proxy",
  process: proxy.process,
  pool: new Pool(proxy.url, { connections: 64 }),
  key: first?.key ?? "",
});

try {
  const measured = new Map(targets.map(({ name }) => [name, [] as number[]]));
  for (let round = 0; round <= rounds; round += 1) {
    process.stderr.write(round === 0 ? "warming up …\n" : `round ${round} of ${rounds} …\n`);
    for (const { name, process: measuredProcess, pool, key } of targets) {
      await measuredProcess.sample();
      const { requests } = await runLoad(pool, modelCall(key), { inFlight, milliseconds });
      const { cpuMicros } = await measuredProcess.sample();
      if (round > 0) measured.get(name)?.push(cpuMicros / requests);
    }
  }
  const cpu = (name: string) => median(measured.get(name) ?? []);
  const bare = cpu("(a) bare proxy");
  const empty = cpu("(b0) empty policy");
  console.log(`model call, 1 KB in and 0.6 KB out, ${inFlight} in flight; CPU per request`);
  for (const { name } of targets) {
    const micros = cpu(name);
    const share = name.startsWith("(b") ? `, guardrail's share ${(micros - empty).toFixed(0)} µs` : "";
    console.log(
      `${name.padEnd(20)} ${micros.toFixed(0).padStart(6)} µs  ${(micros / bare).toFixed(2)} × bare proxy${share}`,
    );
  }
} finally {
  await Promise.all(targets.map(({ pool }) => pool.close()));
  for (const { process: started } of [...targets, simulator]) await started.stop();
  rmSync(folder, { recursive: true, force: true });
}
