import type { IncomingMessage } from "node:http";
import { Code, type ConnectError } from "@connectrpc/connect";
import { rpcError } from "../errors/to-connect-error.ts";

const UNARY = /^application\/json\b/i;
const STREAM = /^application\/connect\+json\b/i;
/** Of each message of a stream: one byte of flags, four of length. */
const HEAD_BYTES = 5;

/**
 * The body of a request, checked to be UTF-8 where it is JSON. Connect would put replacement characters where it cannot
 * read, and a text would be stored that nobody sent. Compressed bodies pass unchecked.
 * @throws while it is read: ConnectError INVALID_ARGUMENT, reason MALFORMED_MESSAGE
 */
export function checkedText(request: IncomingMessage, body: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  const {
    "content-type": type = "",
    "content-encoding": encoding,
    "connect-content-encoding": streamEncoding,
  } = request.headers;
  if ((encoding ?? streamEncoding ?? "identity") !== "identity") return body;
  if (UNARY.test(type)) return checked(body, new TextCheck());
  return STREAM.test(type) ? checked(body, new StreamCheck()) : body;
}

interface Check {
  /** @throws TypeError for what is not UTF-8 */
  take(chunk: Uint8Array): void;
  end(): void;
}

async function* checked(body: AsyncIterable<Uint8Array>, check: Check): AsyncGenerator<Uint8Array> {
  for await (const chunk of body) {
    attempt(() => check.take(chunk));
    yield chunk;
  }
  attempt(() => check.end());
}

function attempt(check: () => void): void {
  try {
    check();
  } catch (cause) {
    throw notText(cause);
  }
}

function notText(cause: unknown): ConnectError {
  return rpcError(Code.InvalidArgument, "MALFORMED_MESSAGE", "the body holds text that is not UTF-8", { cause });
}

/** A text that comes in pieces, cut anywhere. */
class TextCheck implements Check {
  readonly #decoder = new TextDecoder("utf-8", { fatal: true });

  take(chunk: Uint8Array): void {
    this.#decoder.decode(chunk, { stream: true });
  }

  end(): void {
    this.#decoder.decode();
  }
}

/** Texts behind heads of five bytes. A message that is cut short is for Connect to find. */
class StreamCheck implements Check {
  readonly #text = new TextCheck();
  #head: number[] = [];
  #left = 0;

  take(chunk: Uint8Array): void {
    for (let at = 0; at < chunk.length; ) {
      if (this.#left === 0) {
        this.#readHead(chunk[at] ?? 0);
        at += 1;
        continue;
      }
      const piece = chunk.subarray(at, at + this.#left);
      this.#text.take(piece);
      this.#left -= piece.length;
      at += piece.length;
      if (this.#left === 0) this.#text.end();
    }
  }

  end(): void {}

  #readHead(byte: number): void {
    this.#head.push(byte);
    if (this.#head.length < HEAD_BYTES) return;
    const [, a = 0, b = 0, c = 0, d = 0] = this.#head;
    this.#left = a * 2 ** 24 + (b << 16) + (c << 8) + d;
    this.#head = [];
  }
}
