// Writes the settings tables of the README pages from the declarations in src/config.ts and the runner's settings.
// Usage: node scripts/readme-settings.ts [--check]; with --check it changes nothing and fails if a table is stale.
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { pathToFileURL } from "node:url";
import { type AnySettings, settingsTable } from "@agentmesh/config";
import { moduleNames, portSettings, sharedSettings } from "@agentmesh/modules/settings";

const root = join(import.meta.dirname, "..");
const section = /<!-- settings -->\n[\s\S]*?<!-- \/settings -->/;

/** The page with its table replaced; undefined when it has no place for one. */
function withTable(page: string, groups: readonly AnySettings[]): string | undefined {
  if (!section.test(page)) return undefined;
  return page.replace(section, () => `<!-- settings -->\n${settingsTable(groups)}\n<!-- /settings -->`);
}

async function groupsOf(folder: string): Promise<readonly AnySettings[]> {
  const name = moduleNames.find((candidate) => folder === join(root, "services", candidate));
  if (name === undefined) return [sharedSettings];
  const { settings } = await import(pathToFileURL(join(folder, "src", "config.ts")).href);
  return [settings, portSettings(name)];
}

function folders(): string[] {
  const services = readdirSync(join(root, "services")).map((name) => join(root, "services", name));
  const written = services.filter((folder) => existsSync(join(folder, "README.md")));
  return [join(root, "packages", "modules"), ...written];
}

async function problemWith(folder: string, check: boolean): Promise<string | undefined> {
  const file = join(folder, "README.md");
  const page = readFileSync(file, "utf8");
  const fresh = withTable(page, await groupsOf(folder));
  if (fresh === undefined) return `${relative(root, file)} has no <!-- settings --> section`;
  if (fresh === page) return undefined;
  if (check) return `${relative(root, file)} has a stale settings table: run node scripts/readme-settings.ts`;
  writeFileSync(file, fresh);
  console.log(`wrote ${relative(root, file)}`);
  return undefined;
}

const check = process.argv.includes("--check");
const problems: string[] = [];
for (const folder of folders()) {
  const problem = await problemWith(folder, check);
  if (problem !== undefined) problems.push(problem);
}
for (const problem of problems) console.error(problem);
process.exitCode = problems.length === 0 ? 0 : 1;
