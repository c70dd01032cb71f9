import { Code, type StreamRequest, type UnaryRequest } from "@connectrpc/connect";
import type { CallOptions, Metadata } from "@grpc/grpc-js";
import { deadlineKey } from "../call/call-values.ts";
import { rpcError } from "../errors/to-connect-error.ts";
import { toMetadata } from "./metadata.ts";

/** grpc-js sees bytes only; see codec.ts. */
export function passThrough(bytes: Buffer): Buffer {
  return bytes;
}

/** @throws ConnectError INVALID_ARGUMENT for headers that HTTP cannot carry */
export function outgoingMetadata(request: UnaryRequest | StreamRequest): Metadata {
  try {
    return toMetadata(request.header);
  } catch (cause) {
    throw rpcError(Code.InvalidArgument, "INVALID_METADATA", "a header's name or value cannot be sent", { cause });
  }
}

/** The deadline of the call, for grpc-js to keep and to pass on. */
export function grpcCallOptions(request: UnaryRequest | StreamRequest): CallOptions {
  const deadline = request.contextValues.get(deadlineKey);
  return deadline === undefined ? {} : { deadline };
}
