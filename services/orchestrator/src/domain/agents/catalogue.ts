import { errors } from "../../errors.ts";
import type { RunStore } from "../run-store.ts";
import type { AgentBundle } from "./bundle.ts";
import { agentsInvalid, type BundleProblem } from "./bundle-problems.ts";
import { type BundleSource, parseBundle } from "./parse-bundle.ts";

/**
 * Reads all agents.
 * @throws AGENTS_INVALID with everything that is wrong in any file
 */
export function readBundles(sources: readonly BundleSource[]): readonly AgentBundle[] {
  const problems: BundleProblem[] = [];
  const fileOf = new Map<string, string>();
  const bundles: AgentBundle[] = [];
  for (const source of sources) {
    const parsed = parseBundle(source);
    if ("problems" in parsed) {
      problems.push(...parsed.problems);
      continue;
    }
    const { id } = parsed.bundle;
    const other = fileOf.get(id);
    if (other !== undefined) {
      problems.push({ file: source.file, path: "name", message: `is ${id}, as in ${other}: names are unique` });
    }
    fileOf.set(id, source.file);
    bundles.push(parsed.bundle);
  }
  if (problems.length > 0) throw agentsInvalid(problems);
  return bundles.sort((a, b) => (a.id < b.id ? -1 : 1));
}

/** The agents that can be run, and older versions that runs still need. */
export class AgentCatalogue {
  readonly #current: ReadonlyMap<string, AgentBundle>;
  readonly #older = new Map<string, AgentBundle>();
  readonly #stored = new Set<string>();
  readonly #store: RunStore;

  constructor(bundles: readonly AgentBundle[], store: RunStore) {
    this.#current = new Map(bundles.map((bundle) => [bundle.id, bundle]));
    this.#store = store;
  }

  /** All that can be run, by id. */
  list(): readonly AgentBundle[] {
    return [...this.#current.values()];
  }

  /** @throws AGENT_NOT_FOUND */
  current(agentId: string): AgentBundle {
    const bundle = this.#current.get(agentId);
    if (bundle === undefined) throw errors.AGENT_NOT_FOUND({ metadata: { agent_id: agentId.slice(0, 64) } });
    return bundle;
  }

  /** The bundle as it must be stored with the next run; undefined when it is stored already. */
  toStore(bundle: AgentBundle): { json: string } | undefined {
    return this.#stored.has(keyOf(bundle.id, bundle.version)) ? undefined : { json: JSON.stringify(bundle) };
  }

  /** Tells that `toStore` was stored. */
  markStored(bundle: AgentBundle): void {
    this.#stored.add(keyOf(bundle.id, bundle.version));
  }

  /** The very version a run started with. @throws AGENT_CHANGED when nobody has it any more */
  async version(agentId: string, version: string): Promise<AgentBundle> {
    const current = this.#current.get(agentId);
    if (current?.version === version) return current;
    const key = keyOf(agentId, version);
    const known = this.#older.get(key);
    if (known !== undefined) return known;
    const json = await this.#store.bundle(agentId, version);
    if (json === undefined) throw errors.AGENT_CHANGED({ metadata: { agent_id: agentId, agent_version: version } });
    const bundle = JSON.parse(json) as AgentBundle;
    this.#older.set(key, bundle);
    return bundle;
  }
}

function keyOf(agentId: string, version: string): string {
  return `${agentId}@${version}`;
}
