import type { Logger } from "@agentmesh/telemetry";
import type { StepStore } from "./step-store.ts";

/** What the sweeper needs. */
export interface SweeperOptions {
  readonly store: StepStore;
  readonly clock: () => number;
  readonly logger: Logger;
  readonly intervalMs: number;
  /** How long steps are kept. */
  readonly retentionMs: number;
}

/** Removes records of steps that are older than their retention. */
export class Sweeper {
  readonly #options: SweeperOptions;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;
  #stopped = false;

  constructor(options: SweeperOptions) {
    this.#options = options;
  }

  start(): void {
    this.#timer = setInterval(() => this.#tick(), this.#options.intervalMs);
    this.#timer.unref();
    this.#tick();
  }

  /** Resolves when nothing runs any more. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearInterval(this.#timer);
    await this.#running;
  }

  async #sweep(): Promise<void> {
    const { store, clock, retentionMs } = this.#options;
    while (!this.#stopped && (await store.trim(clock() - retentionMs)));
  }

  /** One at a time; a failure is logged and the next tick tries again. */
  #tick(): void {
    this.#running ??= this.#sweep()
      .catch((error) => this.#options.logger.error("Old steps could not be removed.", { cause: error }))
      .finally(() => {
        this.#running = undefined;
      });
  }
}
