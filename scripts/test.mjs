// `npm test`: the checks, then every test in every topology. Arguments go to Vitest: `npm test -- packages/rpc`.
import { spawnSync } from "node:child_process";

const filters = process.argv.slice(2);
const commands = [...(filters.length === 0 ? [["node", ["scripts/check.mjs"]]] : []), ["vitest", ["run", ...filters]]];
for (const [command, args] of commands) {
  const { status } = spawnSync(command, args, { stdio: "inherit" });
  if (status !== 0) process.exit(status ?? 1);
}
