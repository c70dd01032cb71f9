// `npm run check`: everything that can be proven about the tree without running it. Every step runs; all failures are shown.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const scratch = mkdtempSync(join(tmpdir(), "agentmesh-check-"));
const steps = [
  ["types", "tsc", ["--noEmit"]],
  ["lint and format", "biome", ["ci", "--colors=off", "--error-on-warnings"]],
  [
    "import boundaries",
    "depcruise",
    ["--config", ".dependency-cruiser.mjs", "packages", "services", "test", "examples"],
  ],
  ["contracts: lint", "buf", ["lint"]],
  ["contracts: breaking changes against the baseline", "buf", ["breaking", "--against", "proto/baseline.binpb"]],
  ["contracts: generated code, fresh copy", "buf", ["generate", "-o", scratch]],
  [
    "contracts: generated code is the checked-in code",
    "diff",
    ["-r", join(scratch, "packages/contracts/src/gen"), "packages/contracts/src/gen"],
  ],
  ["README settings tables", "node", ["scripts/readme-settings.ts", "--check"]],
];

let failures = 0;
for (const [title, command, args] of steps) {
  const started = performance.now();
  const result = spawnSync(command, args, { encoding: "utf8", maxBuffer: 64 * 1024 * 1024 });
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  const failed = result.status !== 0;
  if (failed) failures += 1;
  process.stdout.write(`${failed ? "FAILED" : "ok    "}  ${title} (${seconds} s)\n`);
  if (failed) process.stdout.write(`${result.error?.message ?? ""}${result.stdout ?? ""}${result.stderr ?? ""}\n`);
}
rmSync(scratch, { recursive: true, force: true });
process.stdout.write(failures === 0 ? "check: clean\n" : `check: ${failures} of ${steps.length} steps failed\n`);
process.exit(failures === 0 ? 0 : 1);
