import { HealthState } from "@agentmesh/rpc";
import { createTelemetry, type Telemetry } from "@agentmesh/telemetry";
import { MeshProcess } from "./mesh-process.ts";
import { loadProcessConfig, makeDataDirectory } from "./process-config.ts";
import type { ProcessOptions, RunningProcess } from "./process-options.ts";
import { attempt } from "./shutdown.ts";

/**
 * Starts modules in one process, each after what it depends on, and serves them. Touches nothing global: no signals, no
 * exit; `runProcess` adds those. What had started is stopped again when something fails.
 * @throws ConfigError with all problems; ModuleError naming the module and the step; errors of the data folder
 */
export async function startProcess(options: ProcessOptions): Promise<RunningProcess> {
  const config = loadProcessConfig(options.modules, options.environment);
  makeDataDirectory(config.dataDirectory);
  const telemetry = await createTelemetry({
    service: options.name,
    level: config.shared.logLevel,
    otlpEndpoint: config.shared.otlpEndpoint,
    sampleRatio: config.shared.traceSampleRatio,
    destination: options.logDestination,
  });
  const cleanup = new AsyncDisposableStack();
  cleanup.defer(() => telemetry.shutdown());
  try {
    const process = new MeshProcess({ options, config, telemetry, cleanup, health: new HealthState() });
    await process.start();
    return process;
  } catch (error) {
    await release(cleanup, telemetry);
    throw error;
  }
}

async function release(cleanup: AsyncDisposableStack, telemetry: Telemetry): Promise<void> {
  await attempt(telemetry.logger, "release everything", () => cleanup.disposeAsync());
}
