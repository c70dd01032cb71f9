import type { Readable } from "node:stream";

/**
 * Reads messages from a grpc-js stream one by one, so that back-pressure reaches the sender. Messages that arrived
 * before a failure are delivered before it; an abort is reported at once.
 */
export class MessageReader<T> implements AsyncIterator<T> {
  readonly #stream: Readable;
  readonly #decode: (bytes: Uint8Array) => T;
  #aborted: { readonly error: unknown } | undefined;
  #failed: { readonly error: unknown } | undefined;
  #ended = false;
  #wake: (() => void) | undefined;

  constructor(stream: Readable, decode: (bytes: Uint8Array) => T) {
    this.#stream = stream;
    this.#decode = decode;
    stream.on("readable", () => this.#notify());
    stream.on("end", () => {
      this.#ended = true;
      this.#notify();
    });
  }

  async next(): Promise<IteratorResult<T>> {
    for (;;) {
      if (this.#aborted !== undefined) throw this.#aborted.error;
      const bytes: Uint8Array | null = this.#stream.read();
      if (bytes !== null) return { done: false, value: this.#decode(bytes) };
      if (this.#failed !== undefined) throw this.#failed.error;
      if (this.#ended) return { done: true, value: undefined };
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** Ends reading now. */
  abort(error: unknown): void {
    this.#aborted ??= { error };
    this.#notify();
  }

  /** Ends reading with an error after the messages that have arrived. */
  fail(error: unknown): void {
    this.#failed ??= { error };
    this.#notify();
  }

  #notify(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }
}
