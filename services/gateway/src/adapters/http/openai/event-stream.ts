import type { ServerResponse } from "node:http";

// A client that takes nothing for this long is gone, although its connection is not.
const STALLED_MS = 60_000;

/** Server-sent events as OpenAI sends them: JSON texts, then [DONE]. */
export class EventStream {
  readonly #response: ServerResponse;
  readonly #stalledMs: number;

  /** @param stalledMs how long a client may take nothing before its connection is cut */
  constructor(response: ServerResponse, stalledMs = STALLED_MS) {
    this.#response = response;
    this.#stalledMs = stalledMs;
  }

  /** Sends one event. Resolves when there is room for the next; at once, as undefined, when there is. */
  send(json: string): Promise<void> | undefined {
    if (this.#response.write(`data: ${json}\n\n`)) return undefined;
    return this.#roomAgain();
  }

  /** Says that nothing follows, and ends the answer. */
  done(): void {
    this.#response.end("data: [DONE]\n\n");
  }

  #roomAgain(): Promise<void> | undefined {
    const response = this.#response;
    if (response.destroyed) return undefined;
    return new Promise((resolve) => {
      const patience = setTimeout(() => response.destroy(), this.#stalledMs).unref();
      const go = () => {
        clearTimeout(patience);
        response.off("drain", go).off("close", go);
        resolve();
      };
      response.once("drain", go).once("close", go);
    });
  }
}
