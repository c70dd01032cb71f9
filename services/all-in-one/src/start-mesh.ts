import type { Simulator } from "@agentmesh/llm-simulator";
import { type Module, type ProcessOptions, type RunningProcess, startProcess } from "@agentmesh/modules";
import { allModules } from "./all-modules.ts";

/** How the mesh is started. */
export interface MeshOptions extends Omit<ProcessOptions, "name" | "modules" | "environment"> {
  /** Settings; none when not given. What the other options say wins. */
  readonly environment?: ProcessOptions["environment"];
  /** All seven when not given. */
  readonly modules?: readonly Module[];
  /** How modules call each other: in memory, or over gRPC on loopback ports. */
  readonly transport?: "direct" | "grpc";
  readonly dataDirectory?: string;
  /** Takes a free port wherever the settings name none, for tests. */
  readonly freePorts?: boolean;
}

/** The mesh in one process. */
export interface RunningMesh extends RunningProcess {
  /** The model provider that was started because none is configured. */
  readonly simulator: Simulator | undefined;
}

/** Where models are asked: without it there is no provider, and the simulator takes its place. */
const providerUrl = "AGENTMESH_LLM_ROUTER_PROVIDER_URL";

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Starts the mesh, with the simulator as model provider when none is configured.
 * @throws as `startProcess` does
 */
export async function startMesh(options: MeshOptions = {}): Promise<RunningMesh> {
  const { modules = allModules, ...rest } = options;
  const environment = environmentOf(options, modules);
  const simulator = environment[providerUrl] ? undefined : await startSimulator();
  const provider = simulator === undefined ? {} : { [providerUrl]: simulator.url };
  try {
    const process = { ...rest, name: "agentmesh", modules, environment: { ...environment, ...provider } };
    return withSimulator(await startProcess(process), simulator);
  } catch (error) {
    await simulator?.close();
    throw error;
  }
}

/** The mesh's addresses and life with the simulator's: it ends last. */
function withSimulator(running: RunningProcess, simulator: Simulator | undefined): RunningMesh {
  const { telemetry, addresses, dataDirectory } = running;
  const stop = async (graceMs?: number) => {
    await running.stop(graceMs);
    await simulator?.close();
  };
  return { telemetry, addresses, dataDirectory, simulator, stop };
}

/** Loaded only when it is needed. */
async function startSimulator(): Promise<Simulator> {
  const { createSimulator } = await import("@agentmesh/llm-simulator");
  return createSimulator({ rememberRequests: 0 });
}

function environmentOf(options: MeshOptions, modules: readonly Module[]): Environment {
  return {
    ...(options.freePorts === true ? freePortsOf(modules) : {}),
    ...options.environment,
    ...(options.transport === undefined ? {} : { AGENTMESH_TRANSPORT: options.transport }),
    ...(options.dataDirectory === undefined ? {} : { AGENTMESH_DATA_DIR: options.dataDirectory }),
  };
}

function freePortsOf(modules: readonly Module[]): Environment {
  const ports = modules.map(({ settings }) => [`${settings.prefix}GRPC_PORT`, "0"]);
  return { ...Object.fromEntries(ports), AGENTMESH_GATEWAY_HTTP_PORT: "0", AGENTMESH_METRICS_PORT: "0" };
}
