import type { DependencyTracker } from "@agentmesh/rpc";
import type { Database } from "@agentmesh/state";
import type { Telemetry } from "@agentmesh/telemetry";
import type { Module, ModuleName, RunningModule } from "./module.ts";

/** A module within a process: what the host made for it and, once created, what it offers. */
export interface LiveModule {
  readonly module: Module;
  readonly telemetry: Telemetry;
  /** What it opened through its host. */
  readonly databases: Database[];
  /** What is known of the services it calls. */
  readonly trackers: Map<ModuleName, DependencyTracker>;
  running: RunningModule | undefined;
}

/** A module about to be created. */
export function liveModule(module: Module, processTelemetry: Telemetry): LiveModule {
  return {
    module,
    telemetry: processTelemetry.forModule(module.name),
    databases: [],
    trackers: new Map(),
    running: undefined,
  };
}
