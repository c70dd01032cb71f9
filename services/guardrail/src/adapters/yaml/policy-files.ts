import { readdir, readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { compilePolicy, type Policy } from "../../domain/policy.ts";
import { errors } from "../../errors.ts";
import { parsePolicy } from "./parse-policy.ts";

const BUNDLED = fileURLToPath(new URL("../../../policies", import.meta.url));

/**
 * Reads the bundled policies and those of a folder, whose policies replace bundled ones of the same name.
 * @param folder undefined: only the bundled ones
 * @throws POLICIES_INVALID with everything that is wrong in all files
 */
export async function loadPolicies(folder: string | undefined): Promise<readonly Policy[]> {
  const problems: string[] = [];
  const policies = new Map<string, Policy>();
  for (const source of folder === undefined ? [BUNDLED] : [BUNDLED, folder]) {
    const own = new Map<string, string>();
    for (const { file, text } of await readFolder(source, problems)) {
      const parsed = parsePolicy(text);
      for (const problem of parsed.problems) problems.push(`${file}: ${problem}`);
      if (parsed.definition === undefined) continue;
      const { name } = parsed.definition;
      const other = own.get(name);
      if (other !== undefined) problems.push(`${file}: name: "${name}" is also the name of the policy in ${other}`);
      own.set(name, file);
      policies.set(name, compilePolicy(parsed.definition));
    }
  }
  if (problems.length > 0) throw invalid(problems);
  return [...policies.values()];
}

async function readFolder(folder: string, problems: string[]): Promise<{ file: string; text: string }[]> {
  try {
    const names = (await readdir(folder)).filter((name) => /\.ya?ml$/.test(name)).sort();
    return await Promise.all(
      names.map(async (name) => ({ file: basename(name), text: await readFile(join(folder, name), "utf8") })),
    );
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? "unknown error";
    problems.push(`AGENTMESH_GUARDRAIL_POLICY_FOLDER: the folder cannot be read (${code})`);
    return [];
  }
}

function invalid(problems: readonly string[]) {
  return errors.POLICIES_INVALID({
    message: `The guardrail policies are not valid:\n${problems.map((problem) => `  - ${problem}`).join("\n")}`,
    fields: problems.map((problem) => ({ field: "policies", description: problem })),
  });
}
