import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "@agentmesh/telemetry";
import type { Booking, Holds, SettleOrder } from "./ports.ts";

/** What settlements need. */
export interface SettlementsOptions {
  readonly holds: Holds;
  readonly logger: Logger;
  /** Called for every hold that could not be closed. */
  readonly onLost: () => void;
  /** Waits before the further tries, in milliseconds. */
  readonly waitsMs?: readonly number[];
}

const WAITS_MS = [50, 250, 1_000, 3_000];

/**
 * Closes holds, whatever became of the call that took them. The first try is awaited, so that usage shows what was
 * just answered; further tries go on by themselves. A hold that cannot be closed expires into an estimated charge:
 * too much may be charged then, too little never.
 */
export class Settlements {
  private readonly options: SettlementsOptions;
  private readonly pending = new Set<Promise<void>>();
  private readonly hurry = new AbortController();

  constructor(options: SettlementsOptions) {
    this.options = options;
  }

  /** Books what was spent. Never rejects. */
  settle(booking: Booking, order: SettleOrder): Promise<void> {
    return this.close(order.holdId, () => this.options.holds.settle(booking, order));
  }

  /** Gives a hold back. Never rejects. */
  release(booking: Booking, holdId: string): Promise<void> {
    return this.close(holdId, () => this.options.holds.release(booking, holdId));
  }

  /**
   * Gives a hold back that may never have been taken, because the answer to taking it was lost. Tried once: whoever
   * does not answer now did most likely not answer before either. Never rejects.
   */
  releaseIfTaken(booking: Booking, holdId: string): Promise<void> {
    const only = this.options.holds.release(booking, holdId).then(ignore, ignore);
    this.track(only);
    return only;
  }

  /** Resolves when nothing is pending any more. */
  async idle(): Promise<void> {
    while (this.pending.size > 0) await Promise.all(this.pending);
  }

  /** Makes what is pending try once more at once, and resolves when it has. */
  finish(): Promise<void> {
    this.hurry.abort();
    return this.idle();
  }

  private close(holdId: string, attempt: () => Promise<unknown>): Promise<void> {
    const first = attempt().then(ignore, (error: unknown) => {
      this.track(this.keepTrying(holdId, attempt, error));
    });
    this.track(first);
    return first;
  }

  private track(work: Promise<void>): void {
    this.pending.add(work);
    work.then(() => this.pending.delete(work));
  }

  private async keepTrying(holdId: string, attempt: () => Promise<unknown>, first: unknown): Promise<void> {
    let last = first;
    for (const wait of this.options.waitsMs ?? WAITS_MS) {
      const isLast = await this.pause(wait);
      try {
        await attempt();
        return;
      } catch (error) {
        last = error;
      }
      if (isLast) break;
    }
    this.options.onLost();
    const message = "A hold could not be closed; it will expire into an estimated charge.";
    this.options.logger.error(message, { hold_id: holdId, cause: last });
  }

  /** @returns whether there is no time for further tries */
  private async pause(milliseconds: number): Promise<boolean> {
    const { signal } = this.hurry;
    await sleep(milliseconds, undefined, { signal }).catch(ignore);
    return signal.aborted;
  }
}

function ignore(): void {}
