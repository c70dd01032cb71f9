import { createHash } from "node:crypto";
import { type DescMessage, fromBinary, type Message, toBinary } from "@bufbuild/protobuf";
import type { StreamRequest, StreamResponse, UnaryRequest, UnaryResponse } from "@connectrpc/connect";
import { mapIterable } from "../call/map-iterable.ts";
import type { CallFunction } from "../call/method-plan.ts";

/**
 * Wraps an in-process call so that it behaves like the wire: the receiver gets what `fromBinary(toBinary(message))`
 * makes of a message, and both sides' objects are frozen, so that nobody can rely on sharing them.
 */
export function verifying(call: CallFunction): CallFunction {
  return async (request) => {
    const { input, output } = request.method;
    const sent = new SentMessages();
    const response = await call(transfer(request, input, sent));
    if (!response.stream) sent.check();
    return transfer(response, output, sent);
  };
}

type Carrier = UnaryRequest | StreamRequest | UnaryResponse | StreamResponse;

function transfer<C extends Carrier>(carrier: C, desc: DescMessage, sent: SentMessages): C {
  const copy = (message: Message) => sent.copy(desc, message);
  const message = carrier.stream
    ? mapIterable(carrier.message as AsyncIterable<Message>, copy)
    : copy(carrier.message as Message);
  return { ...carrier, message };
}

/** The messages of one call. Typed arrays cannot be frozen, so their hashes are compared instead. */
class SentMessages {
  #hashes: { readonly bytes: Uint8Array; readonly hash: string }[] = [];

  copy(desc: DescMessage, message: Message): Message {
    this.check();
    // A long stream is checked over its latest messages only: all of them each time would be quadratic.
    this.#hashes = this.#hashes.slice(-16);
    const received = fromBinary(desc, toBinary(desc, message));
    this.#freeze(message);
    this.#freeze(received);
    return received;
  }

  /** @throws TypeError when a typed array of a message that was sent earlier has changed since */
  check(): void {
    for (const { bytes, hash } of this.#hashes) {
      if (hashOf(bytes) !== hash) throw new TypeError("a message was changed after it was sent: its bytes differ");
    }
  }

  #freeze(value: unknown): void {
    if (value instanceof Uint8Array) {
      this.#hashes.push({ bytes: value, hash: hashOf(value) });
      return;
    }
    if (typeof value !== "object" || value === null || Object.isFrozen(value)) return;
    Object.freeze(value);
    for (const item of Object.values(value)) this.#freeze(item);
  }
}

function hashOf(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("base64");
}
