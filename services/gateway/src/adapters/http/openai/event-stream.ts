import type { ServerResponse } from "node:http";

/** Server-sent events as OpenAI sends them: JSON texts, then [DONE]. */
export class EventStream {
  readonly #response: ServerResponse;

  constructor(response: ServerResponse) {
    this.#response = response;
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
      const go = () => {
        response.off("drain", go).off("close", go);
        resolve();
      };
      response.once("drain", go).once("close", go);
    });
  }
}
