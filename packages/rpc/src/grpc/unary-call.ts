import type { ConnectError, UnaryRequest, UnaryResponse } from "@connectrpc/connect";
import type { ClientUnaryCall, Metadata, StatusObject } from "@grpc/grpc-js";
import { isCancellable, signalOf } from "../call/client-request.ts";
import { MetadataHeaders } from "../call/metadata-headers.ts";
import type { CallFunction } from "../call/method-plan.ts";
import { abortError } from "../errors/abort-error.ts";
import type { GrpcChannel } from "./channel.ts";
import { decodeResponse, encodeMessage } from "./codec.ts";
import { grpcCallOptions, outgoingMetadata, passThrough } from "./outgoing.ts";
import { fromStatus, trailersOf } from "./status.ts";

/** Makes unary calls over a grpc-js channel. */
export function unaryOverGrpc(channel: GrpcChannel): CallFunction {
  return (request) =>
    request.stream ? Promise.reject(new TypeError("not a unary call")) : callUnary(channel, request);
}

function callUnary({ client, maxMessageBytes }: GrpcChannel, request: UnaryRequest): Promise<UnaryResponse> {
  const { method, service, url } = request;
  const signal = signalOf(request);
  return new Promise((resolve, reject) => {
    if (signal.aborted) throw abortError(signal.reason);
    const bytes = encodeMessage(method.input, request.message, maxMessageBytes);
    let header: Headers | undefined;
    let trailer: Metadata | undefined;
    let call: ClientUnaryCall;
    const onAbort = () => call.cancel();
    const fail = (error: ConnectError) => reject(signal.aborted ? abortError(signal.reason) : error);
    call = client.makeUnaryRequest(
      url,
      passThrough,
      passThrough,
      bytes,
      outgoingMetadata(request),
      grpcCallOptions(request),
      (error, answer) => {
        if (isCancellable(signal)) signal.removeEventListener("abort", onAbort);
        if (error !== null || answer === undefined) return fail(fromStatus(error as StatusObject));
        try {
          const message = decodeResponse(method.output, answer, maxMessageBytes);
          // The trailers arrive right after this callback, before anybody can look at the response.
          const lazyTrailer = MetadataHeaders.lazy((headers) => copyTrailer(trailer, headers));
          resolve({
            stream: false,
            service,
            method,
            header: header ?? new MetadataHeaders(),
            trailer: lazyTrailer,
            message,
          });
        } catch (broken) {
          reject(broken);
        }
      },
    );
    call.on("metadata", (metadata: Metadata) => {
      header = trailersOf(metadata);
    });
    call.on("status", (status: StatusObject) => {
      trailer = status.metadata;
    });
    if (isCancellable(signal)) signal.addEventListener("abort", onAbort);
  });
}

function copyTrailer(from: Metadata | undefined, to: Headers): void {
  if (from === undefined) return;
  trailersOf(from).forEach((value, name) => {
    to.set(name, value);
  });
}
