import type { Setting } from "./setting.ts";

/** The settings of one service or of one shared concern. */
export interface Settings<
  Name extends string = string,
  Fields extends Record<string, Setting> = Record<string, Setting>,
> {
  readonly name: Name;
  /** What the group's own variables start with: "AGENTMESH_LLM_ROUTER_". */
  readonly prefix: string;
  readonly fields: Fields;
}

// biome-ignore lint/suspicious/noExplicitAny: a group of any fields; the loaded type is taken from the declaration.
export type AnySettings = Settings<string, any>;

/** The loaded values of a group, as plain data. */
export type ConfigOf<Group extends AnySettings> = {
  readonly [Key in keyof Group["fields"]]: Group["fields"][Key] extends Setting<infer Value> ? Value : never;
};

/**
 * Declares the settings of one group, once.
 * @param name the service's name ("llm-router"), or the shared concern's
 * @param fields from the name in code to the setting
 * @param prefix what the group owns: any other variable that starts with it is refused; from the name when not given
 */
export function defineSettings<const Name extends string, const Fields extends Record<string, Setting>>(
  name: Name,
  fields: Fields,
  prefix: string = prefixOf(name),
): Settings<Name, Fields> {
  const seen = new Set<string>();
  for (const { env } of Object.values(fields)) {
    if (!/^[A-Z][A-Z0-9_]*$/.test(env)) throw new TypeError(`${env} in settings "${name}" is no variable name`);
    if (seen.has(env)) throw new TypeError(`${env} is declared twice in settings "${name}"`);
    seen.add(env);
  }
  return { name, prefix, fields };
}

/** The prefix that belongs to a name: "llm-router" owns "AGENTMESH_LLM_ROUTER_". */
export function prefixOf(name: string): string {
  return `AGENTMESH_${name.toUpperCase().replaceAll("-", "_")}_`;
}
