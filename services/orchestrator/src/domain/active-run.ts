import { RunStopped, type StopReason } from "./failure.ts";
import type { RunView } from "./run.ts";
import type { ClaimedRun } from "./run-store.ts";

// Node turns longer timers into 1 ms; no run may take this long.
const longestTimer = 2 ** 31 - 1;

/** A run that this process carries out. */
export class ActiveRun {
  readonly claimed: ClaimedRun;
  /** When this process began with it. */
  readonly begun: number;
  /** Resolves when this process is done with it: with the run if it ended, undefined if it goes on elsewhere. */
  readonly done: Promise<RunView | undefined>;
  readonly #controller = new AbortController();
  readonly #timer: NodeJS.Timeout;
  #resolve: (view: RunView | undefined) => void = () => {};

  constructor(claimed: ClaimedRun, now: number) {
    this.claimed = claimed;
    this.begun = now;
    this.done = new Promise((resolve) => {
      this.#resolve = resolve;
    });
    const left = Math.min(longestTimer, Math.max(0, claimed.run.deadline - now));
    this.#timer = setTimeout(() => this.stop({ kind: "timeout" }), left);
  }

  /** Aborted when the run must stop; the reason is a `RunStopped`. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Why it must stop; undefined while it may go on. */
  get stopped(): StopReason | undefined {
    const { signal } = this.#controller;
    return signal.aborted && signal.reason instanceof RunStopped ? signal.reason.stop : undefined;
  }

  /** Interrupts whatever the run waits for. The first reason counts. */
  stop(reason: StopReason): void {
    if (!this.#controller.signal.aborted) this.#controller.abort(new RunStopped(reason));
  }

  /** Told once, when nothing more is done for the run here. */
  settle(view: RunView | undefined): void {
    clearTimeout(this.#timer);
    this.#resolve(view);
  }
}
