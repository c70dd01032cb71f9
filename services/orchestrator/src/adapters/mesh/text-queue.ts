/** A queue that one side fills and the other reads as a stream. */
export class TextQueue<T> implements AsyncIterable<T> {
  readonly #items: T[];
  #ended = false;
  #wake: (() => void) | undefined;
  /** What the filling side failed with. */
  failure: { readonly error: unknown } | undefined;

  constructor(first: T) {
    this.#items = [first];
  }

  push(item: T): void {
    this.#items.push(item);
    this.#wake?.();
  }

  /** Nothing more comes. */
  end(): void {
    this.#ended = true;
    this.#wake?.();
  }

  /** The reader gets this error after what was pushed before. */
  fail(error: unknown): void {
    this.failure = { error };
    this.#wake?.();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
    while (true) {
      for (let item = this.#items.shift(); item !== undefined; item = this.#items.shift()) yield item;
      if (this.failure !== undefined) throw this.failure.error;
      if (this.#ended) return;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.#wake = undefined;
    }
  }
}
