import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { agentsInvalid } from "../../domain/agents/bundle-problems.ts";
import type { BundleSource } from "../../domain/agents/parse-bundle.ts";

/**
 * The files of a folder that declare agents: `*.yaml` and `*.yml`, not those of sub-folders.
 * @throws AGENTS_INVALID when the folder cannot be read
 */
export function readAgentFiles(directory: string): readonly BundleSource[] {
  const names = namesIn(directory).filter((name) => /\.ya?ml$/.test(name));
  return names.sort().map((file) => ({ file, text: readFileSync(join(directory, file), "utf8") }));
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? "unreadable";
    const message = `cannot be read (${code}): set AGENTMESH_ORCHESTRATOR_AGENTS to the folder of the agents`;
    throw agentsInvalid([{ file: directory, path: "", message }]);
  }
}
