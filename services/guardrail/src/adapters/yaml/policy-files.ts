import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { compilePolicy, type Policy } from "../../domain/policy.ts";
import { errors } from "../../errors.ts";
import { parsePolicy } from "./parse-policy.ts";

const BUNDLED = fileURLToPath(new URL("../../../policies", import.meta.url));
const TENANTS = "tenants";
const TENANT = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;
/** Bounds of what is read; a folder that is not one of policies is refused, not swallowed. */
const MOST_FILES = 1024;
const MOST_BYTES = 262_144;

interface PolicyFile {
  /** Relative to its folder, for people. */
  readonly file: string;
  readonly path: string;
  readonly tenant: string | undefined;
}

/**
 * Reads the bundled policies and those of a folder, whose policies replace bundled ones of the same name. Policies in
 * `tenants/<tenant>/` below it hold for this tenant alone, in place of those of the same name.
 * @param folder undefined: only the bundled ones
 * @throws POLICIES_INVALID with everything that is wrong in all files
 */
export async function loadPolicies(folder: string | undefined): Promise<readonly Policy[]> {
  const problems: string[] = [];
  const policies = new Map<string, Policy>();
  for (const source of folder === undefined ? [BUNDLED] : [BUNDLED, folder]) {
    const own = new Map<string, string>();
    const files = await listFiles(source, problems);
    if (files.length > MOST_FILES) problems.push(`AGENTMESH_GUARDRAIL_POLICY_FOLDER: more than ${MOST_FILES} files`);
    for (const { file, path, tenant } of files.slice(0, MOST_FILES)) {
      const text = await readPolicyFile(path, (problem) => problems.push(`${file}: ${problem}`));
      if (text === undefined) continue;
      const parsed = parsePolicy(text);
      for (const problem of parsed.problems) problems.push(`${file}: ${problem}`);
      if (parsed.definition === undefined) continue;
      const { name } = parsed.definition;
      const key = `${tenant ?? ""}/${name}`;
      const other = own.get(key);
      if (other !== undefined) problems.push(`${file}: name: "${name}" is also the name of the policy in ${other}`);
      own.set(key, file);
      policies.set(key, compilePolicy({ ...parsed.definition, ...(tenant === undefined ? {} : { tenant }) }));
    }
  }
  if (problems.length > 0) throw invalid(problems);
  return [...policies.values()];
}

async function listFiles(folder: string, problems: string[]): Promise<PolicyFile[]> {
  try {
    const shared = await filesIn(folder, "", undefined);
    const tenants = await readdir(join(folder, TENANTS)).catch(() => []);
    const own: PolicyFile[] = [];
    for (const tenant of tenants.sort()) {
      if (TENANT.test(tenant))
        own.push(...(await filesIn(join(folder, TENANTS, tenant), `${TENANTS}/${tenant}/`, tenant)));
    }
    return [...shared, ...own];
  } catch (cause) {
    problems.push(`AGENTMESH_GUARDRAIL_POLICY_FOLDER: the folder cannot be read (${codeOf(cause)})`);
    return [];
  }
}

async function filesIn(folder: string, prefix: string, tenant: string | undefined): Promise<PolicyFile[]> {
  const names = (await readdir(folder)).filter((name) => /\.ya?ml$/.test(name)).sort();
  return names.map((name) => ({ file: `${prefix}${name}`, path: join(folder, name), tenant }));
}

async function readPolicyFile(path: string, complain: (problem: string) => void): Promise<string | undefined> {
  try {
    const info = await stat(path);
    if (info.isFile() && info.size <= MOST_BYTES) return await readFile(path, "utf8");
    complain(`must be a file of at most ${MOST_BYTES} bytes`);
  } catch (cause) {
    complain(`cannot be read (${codeOf(cause)})`);
  }
  return undefined;
}

function codeOf(cause: unknown): string {
  return (cause as NodeJS.ErrnoException).code ?? "unknown error";
}

function invalid(problems: readonly string[]) {
  return errors.POLICIES_INVALID({
    message: `The guardrail policies are not valid:\n${problems.map((problem) => `  - ${problem}`).join("\n")}`,
    fields: problems.map((problem) => ({ field: "policies", description: problem })),
  });
}
