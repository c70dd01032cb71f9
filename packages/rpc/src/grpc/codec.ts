import { type DescMessage, fromBinary, type Message, toBinary } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import { rpcError } from "../errors/to-connect-error.ts";

/**
 * Messages to bytes and back, with errors that name what is wrong. grpc-js's own hooks for this turn every failure
 * into a bare INTERNAL, so it only ever sees bytes.
 */

/** @throws ConnectError RESOURCE_EXHAUSTED above the limit, INTERNAL for a message that has no binary form */
export function encodeMessage(desc: DescMessage, message: Message, maxBytes: number): Buffer {
  const bytes = serialize(desc, message);
  if (bytes.byteLength > maxBytes) throw tooLarge(desc, bytes.byteLength, maxBytes);
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** @throws ConnectError RESOURCE_EXHAUSTED above the limit, INVALID_ARGUMENT for bytes that are no such message */
export function decodeRequest(desc: DescMessage, bytes: Uint8Array, maxBytes: number): Message {
  return decode(desc, bytes, maxBytes, Code.InvalidArgument);
}

/** @throws ConnectError RESOURCE_EXHAUSTED above the limit, INTERNAL for bytes that are no such message */
export function decodeResponse(desc: DescMessage, bytes: Uint8Array, maxBytes: number): Message {
  return decode(desc, bytes, maxBytes, Code.Internal);
}

function decode(desc: DescMessage, bytes: Uint8Array, maxBytes: number, code: Code): Message {
  if (bytes.byteLength > maxBytes) throw tooLarge(desc, bytes.byteLength, maxBytes);
  try {
    // A plain view: fields of type bytes are views of it, and must not be Node's Buffers on one transport only.
    return fromBinary(desc, new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  } catch (cause) {
    const message = `the bytes are not a valid ${desc.typeName}: malformed protobuf or text that is not UTF-8`;
    throw rpcError(code, "MALFORMED_MESSAGE", message, { metadata: { type: desc.typeName }, cause });
  }
}

function serialize(desc: DescMessage, message: Message): Uint8Array {
  try {
    return toBinary(desc, message);
  } catch (cause) {
    throw rpcError(Code.Internal, "UNENCODABLE_MESSAGE", `a ${desc.typeName} holds values that protobuf cannot carry`, {
      cause,
    });
  }
}

/** The error for a message above the limit, on either side and in either direction. */
export function tooLarge(desc: DescMessage, size: number, maxBytes: number) {
  const message = `a ${desc.typeName} of ${size} bytes is larger than the limit of ${maxBytes} bytes`;
  const metadata = { type: desc.typeName, size: String(size), max_bytes: String(maxBytes) };
  return rpcError(Code.ResourceExhausted, "MESSAGE_TOO_LARGE", message, { metadata });
}
