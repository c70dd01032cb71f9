import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryDirectory } from "@agentmesh/state/testing";
import { expect, it } from "vitest";

const root = join(import.meta.dirname, "..");
const page = "# cost\n\n<!-- settings -->\nold\n<!-- /settings -->\n\nmore\n";
const config = `import { defineSettings, integer } from "@agentmesh/config";
export const settings = defineSettings("cost", { a: integer({ env: "AGENTMESH_COST_A", default: 1, help: "A $& b." }) });
`;

it("finds a stale settings table, writes it, and leaves the rest of the page alone", () => {
  using folder = temporaryDirectory();
  const project = folder.path;
  mkdirSync(join(project, "services", "cost", "src"), { recursive: true });
  mkdirSync(join(project, "packages", "modules"), { recursive: true });
  cpSync(join(root, "scripts", "readme-settings.ts"), join(project, "scripts", "readme-settings.ts"));
  writeFileSync(join(project, "package.json"), '{"type":"module"}');
  symlinkSync(join(root, "node_modules"), join(project, "node_modules"));
  writeFileSync(join(project, "services", "cost", "src", "config.ts"), config);
  for (const readme of ["services/cost", "packages/modules"]) writeFileSync(join(project, readme, "README.md"), page);
  const run = (...flags: string[]) =>
    spawnSync(process.execPath, [join(project, "scripts", "readme-settings.ts"), ...flags], { encoding: "utf8" });

  const stale = run("--check");
  expect(stale.status).toBe(1);
  expect(stale.stderr).toContain("services/cost/README.md has a stale settings table");
  expect(run().status).toBe(0);
  const written = readFileSync(join(project, "services", "cost", "README.md"), "utf8");
  expect(written).toContain("| `AGENTMESH_COST_A` | integer | `1` | A $& b. |");
  expect(written).toContain("| `AGENTMESH_COST_GRPC_PORT` | integer, 0 to 65535 | `7106` |");
  expect(written).toMatch(/^# cost\n[\s\S]*\nmore\n$/);
  expect(run("--check").status).toBe(0);
});
