import {
  type DependencyState as DependencyMessage,
  DependencyStateSchema,
  DependencyStatus,
  DiagnosticsService,
  type ModuleState,
  ModuleStateSchema,
} from "@agentmesh/contracts/diagnostics/v1/diagnostics";
import { bind, type ServiceBinding } from "@agentmesh/rpc";
import { create } from "@bufbuild/protobuf";
import { durationFromMs, timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { DependencyReport } from "./dependency-state.ts";
import { errors } from "./errors.ts";
import type { LiveModule } from "./live-module.ts";
import { isReady, stateOfDatabase } from "./readiness.ts";

/** What the answers are made from. */
export interface DiagnosticsOptions {
  readonly live: ReadonlyMap<string, LiveModule>;
  readonly clock: () => number;
  readonly version: string;
  /** Milliseconds since the epoch. */
  readonly started: number;
}

/** Serves DiagnosticsService for all modules of the process. */
export function diagnosticsBinding(options: DiagnosticsOptions): ServiceBinding {
  return bind(DiagnosticsService, {
    diagnose: async ({ module }) => {
      const chosen = [...options.live.values()].filter((live) => module === "" || live.module.name === module);
      if (chosen.length === 0) throw unknownModule(module);
      return { modules: await Promise.all(chosen.map((live) => moduleState(live, options))) };
    },
  });
}

function unknownModule(module: string) {
  const description = "no module of this process; leave it empty for all of them";
  return errors.UNKNOWN_MODULE({
    fields: [{ field: "module", description }],
    metadata: { module: module.slice(0, 64) },
  });
}

async function moduleState(live: LiveModule, options: DiagnosticsOptions): Promise<ModuleState> {
  const [ready, dependencies] = await Promise.all([isReady(live), dependenciesOf(live, options.clock)]);
  return create(ModuleStateSchema, {
    name: live.module.name,
    version: options.version,
    started: timestampFromMs(options.started),
    ready,
    dependencies: dependencies.map(dependencyMessage),
  });
}

async function dependenciesOf(live: LiveModule, clock: () => number): Promise<readonly DependencyReport[]> {
  const stores = await Promise.all(live.databases.map((database) => stateOfDatabase(database, clock)));
  const services = live.module.dependsOn.map(
    (name): DependencyReport => live.trackers.get(name)?.state() ?? { name, status: "unused" },
  );
  const further = (await live.running?.dependencies?.()) ?? [];
  return [...stores, ...services, ...further];
}

const statusOf = {
  ok: DependencyStatus.OK,
  failing: DependencyStatus.FAILING,
  unused: DependencyStatus.UNUSED,
} as const;

function dependencyMessage(state: DependencyReport): DependencyMessage {
  if ("$typeName" in state) return state;
  return create(DependencyStateSchema, {
    name: state.name,
    status: statusOf[state.status],
    lastError: state.lastError ?? "",
    ...(state.latencyMs === undefined ? {} : { latency: durationFromMs(Math.round(state.latencyMs)) }),
    ...(state.lastSuccess === undefined ? {} : { lastSuccess: timestampFromMs(state.lastSuccess) }),
  });
}
