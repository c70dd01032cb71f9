import type { GuardrailMetrics } from "../metrics.ts";
import type { Stage } from "./verdict.ts";

/** Measures what a check adds to a stream: how long each piece waits until all of it may pass, and how much is held. */
export class StreamDelay {
  readonly #metrics: GuardrailMetrics;
  readonly #stage: Stage;
  /** Pieces that wait: the length of the text at their end, when they came. */
  #waiting: { readonly end: number; readonly since: number }[] = [];
  #length = 0;

  constructor(metrics: GuardrailMetrics, stage: Stage) {
    this.#metrics = metrics;
    this.#stage = stage;
  }

  /** @param held characters held back now; times in milliseconds */
  after(length: number, held: number, { started, ended }: { started: number; ended: number }): void {
    const stage = this.#stage;
    if (length === 0) return;
    this.#length += length;
    this.#metrics.heldCharacters.observe(held, { stage });
    this.#waiting.push({ end: this.#length, since: started });
    const passed = this.#length - held;
    let count = 0;
    for (const { end, since } of this.#waiting) {
      if (end > passed) break;
      this.#metrics.streamDelay.observe((ended - since) / 1000, { stage });
      count++;
    }
    if (count > 0) this.#waiting = this.#waiting.slice(count);
  }

  /** The text is complete: what waited waits no longer. */
  end(now: number): void {
    for (const { since } of this.#waiting)
      this.#metrics.streamDelay.observe((now - since) / 1000, { stage: this.#stage });
    this.#waiting = [];
  }
}
