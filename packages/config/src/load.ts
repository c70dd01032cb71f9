import { readFileSync } from "node:fs";
import { ConfigError, type ConfigProblem } from "./config-error.ts";
import { type AnySettings, type ConfigOf, prefixOf } from "./group.ts";
import { nearest } from "./nearest.ts";
import { InvalidValue, type Setting } from "./setting.ts";

/** Where values come from. */
export interface ConfigSource {
  /** The environment, usually `process.env`. Empty values count as not set. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Reads a secret's file; throws when it cannot. */
  readonly readFile?: (path: string) => string;
  /** Groups of the project that are not loaded here: their variables are not this process's business. */
  readonly otherGroups?: readonly string[];
}

/** The loaded values of several groups, by group name. */
export type LoadedConfig<Groups extends readonly AnySettings[]> = {
  readonly [Group in Groups[number] as Group["name"]]: ConfigOf<Group>;
};

/**
 * Reads and checks all groups together.
 * @throws ConfigError with every problem there is, not only the first
 */
export function loadConfig<const Groups extends readonly AnySettings[]>(
  groups: Groups,
  source: ConfigSource,
): LoadedConfig<Groups> {
  const problems: ConfigProblem[] = [];
  const loaded = groups.map((group) => {
    const fields = Object.entries<Setting>(group.fields);
    const values = fields.map(([key, setting]) => [key, loadSetting(setting, source, problems)]);
    return [group.name, Object.fromEntries(values)];
  });
  problems.push(...unknownVariables(groups, source));
  if (problems.length > 0) throw new ConfigError(problems);
  return Object.fromEntries(loaded);
}

function loadSetting(setting: Setting, source: ConfigSource, problems: ConfigProblem[]): unknown {
  try {
    const text = setting.secret ? secretText(setting, source) : variable(source, setting.env);
    if (text !== undefined) return setting.parse(text);
    if (setting.required) throw new InvalidValue(`set: ${setting.help}${setting.secret ? fileHint(setting) : ""}`);
    return setting.fallback;
  } catch (error) {
    problems.push(problemOf(setting, source, error));
    return undefined;
  }
}

function problemOf(setting: Setting, source: ConfigSource, error: unknown): ConfigProblem {
  if (error instanceof UnreadableSecret) return { env: error.env, message: error.message };
  if (!(error instanceof InvalidValue)) throw error;
  const value = variable(source, setting.env);
  const shown = value === undefined || setting.secret ? "" : `; it is ${JSON.stringify(shortened(value))}`;
  return { env: setting.env, message: `must be ${error.message}${shown}` };
}

function secretText(setting: Setting, source: ConfigSource): string | undefined {
  const direct = variable(source, setting.env);
  const fileVariable = `${setting.env}_FILE`;
  const path = variable(source, fileVariable);
  if (path === undefined) return direct;
  if (direct !== undefined) {
    throw new UnreadableSecret(fileVariable, `is set together with ${setting.env}: set only one of them`);
  }
  return secretFromFile(fileVariable, path, source.readFile ?? readTextFile);
}

function secretFromFile(fileVariable: string, path: string, readFile: (path: string) => string): string {
  let content: string;
  try {
    content = readFile(path);
  } catch (error) {
    const code = (error as { code?: unknown }).code ?? "unknown error";
    throw new UnreadableSecret(fileVariable, `names a file that cannot be read (${path}: ${String(code)})`);
  }
  const secret = content.replace(/\r?\n$/, "");
  if (secret === "") throw new UnreadableSecret(fileVariable, `names an empty file (${path})`);
  return secret;
}

/** A secret whose file is the problem. */
class UnreadableSecret extends Error {
  readonly env: string;
  constructor(env: string, message: string) {
    super(message);
    this.env = env;
  }
}

function unknownVariables(groups: readonly AnySettings[], source: ConfigSource): ConfigProblem[] {
  const known = new Set(groups.flatMap(({ fields }) => Object.values<Setting>(fields).flatMap(variablesOf)));
  const owned = groups.map(({ prefix }) => prefix);
  const foreign = (source.otherGroups ?? []).map(prefixOf).filter((prefix) => !owned.includes(prefix));
  const isUnknown = (name: string) =>
    !known.has(name) &&
    owned.some((prefix) => name.startsWith(prefix)) &&
    !foreign.some((prefix) => name.startsWith(prefix));
  const set = Object.keys(source.environment).filter((name) => variable(source, name) !== undefined);
  return set.filter(isUnknown).map((name) => {
    const suggestion = nearest(name, known);
    const hint = suggestion === undefined ? "see --help for all settings" : `did you mean ${suggestion}?`;
    return { env: name, message: `is no setting: ${hint}` };
  });
}

function variablesOf(setting: Setting): string[] {
  return setting.secret ? [setting.env, `${setting.env}_FILE`] : [setting.env];
}

function variable(source: ConfigSource, name: string): string | undefined {
  const value = source.environment[name];
  return value === "" ? undefined : value;
}

function fileHint(setting: Setting): string {
  return ` (or ${setting.env}_FILE)`;
}

function readTextFile(path: string): string {
  return readFileSync(path, "utf8");
}

function shortened(value: string): string {
  return value.length > 80 ? `${value.slice(0, 80)}…` : value;
}
