import { setTimeout as sleep } from "node:timers/promises";
import type { HealthState } from "@agentmesh/rpc";
import type { Logger } from "@agentmesh/telemetry";
import type { Listener } from "./listeners.ts";
import type { LiveModule } from "./live-module.ts";

/** Modules and stores get this long to close after the drain. */
const closingMs = 10_000;

/** What there is to shut down. */
export interface ShutdownOptions {
  readonly health: HealthState;
  readonly services: readonly string[];
  readonly listeners: readonly Listener[];
  /** In the order they were started. */
  readonly modules: readonly LiveModule[];
  readonly logger: Logger;
  readonly delayMs: number;
  readonly graceMs: number;
  /** Closes servers, stops modules, closes stores, flushes: in reverse order of the start. */
  readonly release: () => Promise<void>;
}

/** The shutdown, step by step. Nothing in it throws: what fails is logged and the next step follows. */
export async function shutDown(options: ShutdownOptions): Promise<void> {
  const { health, services, logger, delayMs, graceMs } = options;
  health.setReady(false, services);
  if (graceMs > 0) await sleep(delayMs);
  await drain(options);
  logger.info("stopped taking work, closing", { grace_ms: graceMs });
  const closed = options.release().then(() => true);
  const inTime = await Promise.race([closed, sleep(closingMs, false, { ref: false })]);
  if (!inTime) logger.error("closing takes too long, giving up", { waited_ms: closingMs });
}

/**
 * One module after the other, callers before those they call, all within the same time: its servers refuse new calls and
 * it finishes its work. What it calls for that must still answer, so that is not drained before.
 */
async function drain({ listeners, modules, logger, graceMs }: ShutdownOptions): Promise<void> {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(new Error("the drain time is over")), graceMs);
  const end = performance.now() + graceMs;
  for (const { module, running } of modules.toReversed()) {
    const own = listeners.filter((listener) => listener.module === module.name);
    const left = Math.max(0, end - performance.now());
    const servers = own.map((listener) =>
      attempt(logger, `drain ${listener.kind} port of ${module.name}`, () => listener.drain(left)),
    );
    const drained = attempt(logger, `drain ${module.name}`, () => running?.drain?.(controller.signal));
    await Promise.all([...servers, Promise.race([drained, aborted(controller.signal)])]);
  }
  clearTimeout(timer);
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}

/** Runs a step of the shutdown; a failure is logged and does not stop the others. */
export async function attempt(logger: Logger, step: string, action: () => unknown): Promise<void> {
  try {
    await action();
  } catch (error) {
    logger.error(`could not ${step}`, { error });
  }
}
