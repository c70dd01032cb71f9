import type { Logger } from "@agentmesh/telemetry";
import type { Budgets } from "./budgets.ts";
import type { HoldsStore } from "./holds-store.ts";

/** How often, and how long things are kept; all in milliseconds. */
export interface SweepSettings {
  readonly intervalMs: number;
  readonly trimIntervalMs: number;
  readonly holdRetentionMs: number;
  readonly ledgerRetentionMs: number;
}

/** What a sweeper needs. */
export interface SweeperOptions {
  readonly store: HoldsStore;
  readonly budgets: Budgets;
  readonly settings: SweepSettings;
  readonly clock: () => number;
  readonly logger: Logger;
}

/** Holds charged in one step: short enough not to be noticed. */
const batch = 200;

/** Charges holds that expired, also those that expired while the process was down, and removes what is too old. */
export class Sweeper {
  readonly #options: SweeperOptions;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;
  #trimmed = Number.NEGATIVE_INFINITY;
  #stopped = false;

  constructor(options: SweeperOptions) {
    this.#options = options;
  }

  start(): void {
    this.#timer = setInterval(() => this.#tick(), this.#options.settings.intervalMs);
    this.#timer.unref();
    this.#tick();
  }

  /** Resolves when nothing runs any more. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearInterval(this.#timer);
    await this.#running;
  }

  /** Does everything that is due. */
  async sweep(): Promise<void> {
    const { budgets, clock, settings } = this.#options;
    while (!this.#stopped && (await budgets.expireSome(batch)));
    const now = clock();
    if (now - this.#trimmed < settings.trimIntervalMs) return;
    this.#trimmed = now;
    await this.#trim(now);
  }

  async #trim(now: number): Promise<void> {
    const { store, settings } = this.#options;
    const command = {
      holdsBefore: now - settings.holdRetentionMs,
      ledgerBefore: now - settings.ledgerRetentionMs,
    };
    while (!this.#stopped && (await store.trim(command)));
  }

  /** One at a time; a failure is logged and the next tick tries again. */
  #tick(): void {
    this.#running ??= this.sweep()
      .catch((error) => this.#options.logger.error("Expired holds could not be charged.", { cause: error }))
      .finally(() => {
        this.#running = undefined;
      });
  }
}
