import type { Logger } from "@agentmesh/telemetry";
import type { MemoryMetrics } from "../metrics.ts";
import type { SessionStore } from "./session-store.ts";

/** An expired session stays this long for a turn that was based on it, invisible to readers. */
export const GRACE_MS = 900_000;

/** What sweeping works with. */
export interface SweeperOptions {
  readonly store: SessionStore;
  readonly clock: () => number;
  readonly logger: Logger;
  readonly metrics: MemoryMetrics;
  readonly intervalMs: number;
}

/** Removes expired sessions from the store, in small batches, so that calls go on in between. */
export class Sweeper {
  readonly #options: SweeperOptions;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;
  #stopped = false;

  constructor(options: SweeperOptions) {
    this.#options = options;
  }

  /** Sweeps now and then at intervals. */
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

  /** Removes everything that is due. */
  async sweep(): Promise<void> {
    const { store, clock, metrics } = this.#options;
    for (let more = true; more && !this.#stopped; ) {
      const swept = await store.sweep(clock() - GRACE_MS);
      metrics.sessions.add(-swept.sessions);
      more = swept.more;
    }
  }

  #tick(): void {
    this.#running ??= this.sweep()
      .catch((cause: unknown) => this.#options.logger.error("Expired sessions could not be removed.", { cause }))
      .finally(() => {
        this.#running = undefined;
      });
  }
}
