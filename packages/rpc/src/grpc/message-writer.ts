/** The writing side of a grpc-js stream. */
export interface MessageSink {
  write(bytes: Buffer, encoding: BufferEncoding, written: () => void): boolean;
}

// More than this waiting to leave, and the producer waits too. grpc-js alone would queue 16 messages of any size.
const HIGH_WATER_BYTES = 64 * 1024;

/** Writes messages with back-pressure counted in bytes. */
export class MessageWriter {
  readonly #sink: MessageSink;
  #waiting = 0;
  #closed = false;
  #wake: (() => void) | undefined;

  constructor(sink: MessageSink) {
    this.#sink = sink;
  }

  /** Whether writing is pointless because the call is over. */
  get closed(): boolean {
    return this.#closed;
  }

  /** Resolves when the next message may be written; undefined when it may be written at once. */
  write(bytes: Buffer): Promise<void> | undefined {
    if (this.#closed) return undefined;
    this.#waiting += bytes.byteLength;
    this.#sink.write(bytes, "binary", () => this.#written(bytes.byteLength));
    if (this.#waiting <= HIGH_WATER_BYTES) return undefined;
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  /** The call is over: grpc-js reports nothing more, so nobody may go on waiting. */
  close(): void {
    this.#closed = true;
    this.#wake?.();
  }

  #written(size: number): void {
    this.#waiting -= size;
    if (this.#waiting <= HIGH_WATER_BYTES) this.#wake?.();
  }
}
