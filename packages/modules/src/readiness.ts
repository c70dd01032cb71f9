import type { Database } from "@agentmesh/state";
import type { DependencyState } from "./dependency-state.ts";
import type { RunningModule } from "./module.ts";

/** A module whose stores can be asked how they are. */
export interface Probed {
  readonly databases: readonly Database[];
  readonly running: Pick<RunningModule, "ready"> | undefined;
}

/** Whether a module's own stores answer. */
export async function isReady(probed: Probed): Promise<boolean> {
  try {
    await Promise.all(probed.databases.map((database) => database.ping()));
    await probed.running?.ready?.();
    return probed.running !== undefined;
  } catch {
    return false;
  }
}

/** Pings a database and reports what came of it. */
export async function stateOfDatabase(database: Database, clock: () => number): Promise<DependencyState> {
  const started = performance.now();
  try {
    await database.ping();
    const latencyMs = performance.now() - started;
    return { name: database.name, status: "ok", latencyMs, lastSuccess: clock() };
  } catch {
    return { name: database.name, status: "failing", lastError: "the database does not answer" };
  }
}
