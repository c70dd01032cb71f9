import { mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { type AnySettings, type ConfigOf, loadConfig } from "@agentmesh/config";
import type { Module, ModuleName } from "./module.ts";
import {
  addressSettings,
  defaultMetricsPort,
  moduleNames,
  otherGroups,
  portSettings,
  sharedSettings,
} from "./settings.ts";

/** The project's folder: relative paths mean the same wherever a process is started. */
const projectRoot = join(import.meta.dirname, "..", "..", "..");

/** The checked configuration of a process. */
export interface ProcessConfig {
  readonly shared: ConfigOf<typeof sharedSettings>;
  /** Absolute. */
  readonly dataDirectory: string;
  readonly metricsPort: number;
  readonly addresses: ConfigOf<typeof addressSettings>;
  /** What `Module.create` gets. */
  configOf(module: Module): Readonly<Record<string, unknown>>;
  grpcPortOf(module: Module): number;
  /** The port of the module's HTTP edge; only the gateway has one. */
  httpPortOf(module: Module): number;
}

/** What a process of these modules understands, in the order of its help text. */
export function settingsOf(modules: readonly Module[]): readonly AnySettings[] {
  const own = modules.flatMap((module) => [module.settings, portSettings(module.name)]);
  return [sharedSettings, ...own, addressSettings];
}

/** Values by group, as loaded. */
type Loaded = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/**
 * Reads and checks everything the process understands.
 * @throws ConfigError with every problem
 */
export function loadProcessConfig(
  modules: readonly Module[],
  environment: Readonly<Record<string, string | undefined>>,
): ProcessConfig {
  const loaded: Loaded = loadConfig(settingsOf(modules), { environment, otherGroups });
  const shared = loaded.shared as ProcessConfig["shared"];
  const portOf = (module: Module, port: string) => Number(loaded[`${module.name} ports`]?.[port]);
  return {
    shared,
    dataDirectory: resolve(projectRoot, shared.dataDirectory),
    metricsPort: shared.metricsPort ?? usualMetricsPort(modules),
    addresses: loaded.addresses as ProcessConfig["addresses"],
    configOf: (module) => loaded[module.settings.name] ?? {},
    grpcPortOf: (module) => portOf(module, "grpcPort"),
    httpPortOf: (module) => portOf(module, "httpPort"),
  };
}

function usualMetricsPort(modules: readonly Module[]): number {
  const [only, ...others] = modules;
  if (only === undefined || others.length > 0) return defaultMetricsPort;
  return defaultMetricsPort + 1 + moduleNames.indexOf(only.name);
}

/** Makes the data folder for the owner alone. */
export function makeDataDirectory(path: string): void {
  mkdirSync(path, { recursive: true, mode: 0o700 });
}

/** The module that owns a proto package: "agentmesh.llm_router.v1" belongs to "llm-router". */
export function ownerOf(typeName: string): ModuleName {
  const name = typeName.split(".")[1]?.replaceAll("_", "-");
  const owner = moduleNames.find((candidate) => candidate === name);
  if (owner === undefined) throw new TypeError(`${typeName} belongs to no module of the mesh`);
  return owner;
}
