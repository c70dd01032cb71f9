import type { DescMethod, Message } from "@bufbuild/protobuf";
import type { ConnectError, StreamRequest, StreamResponse } from "@connectrpc/connect";
import {
  type ClientDuplexStream,
  type ClientReadableStream,
  status as GrpcStatus,
  type Metadata,
  type StatusObject,
} from "@grpc/grpc-js";
import { isCancellable, signalOf } from "../call/client-request.ts";
import { MetadataHeaders } from "../call/metadata-headers.ts";
import type { CallFunction } from "../call/method-plan.ts";
import { abortError } from "../errors/abort-error.ts";
import { toConnectError } from "../errors/to-connect-error.ts";
import type { GrpcChannel } from "./channel.ts";
import { decodeResponse, encodeMessage } from "./codec.ts";
import { MessageReader } from "./message-reader.ts";
import { MessageWriter } from "./message-writer.ts";
import { grpcCallOptions, outgoingMetadata, passThrough } from "./outgoing.ts";
import { fromStatus, trailersOf } from "./status.ts";

type GrpcStream = ClientReadableStream<Buffer> | ClientDuplexStream<Buffer, Buffer>;

/** Makes streaming calls over a grpc-js channel. */
export function streamOverGrpc(channel: GrpcChannel): CallFunction {
  return async (request) => {
    if (!request.stream) throw new TypeError("not a streaming call");
    if (signalOf(request).aborted) throw abortError(signalOf(request).reason);
    return request.method.methodKind === "server_streaming"
      ? oneRequest(channel, request)
      : manyRequests(channel, request);
  };
}

async function oneRequest(channel: GrpcChannel, request: StreamRequest): Promise<StreamResponse> {
  const { value } = await request.message[Symbol.asyncIterator]().next();
  const bytes = encodeMessage(request.method.input, value as Message, channel.maxMessageBytes);
  const metadata = outgoingMetadata(request);
  const stream = channel.client.makeServerStreamRequest(
    request.url,
    passThrough,
    passThrough,
    bytes,
    metadata,
    grpcCallOptions(request),
  );
  return new StreamingCall(stream, request, channel).response;
}

function manyRequests(channel: GrpcChannel, request: StreamRequest): Promise<StreamResponse> {
  const { client } = channel;
  const stream = client.makeBidiStreamRequest<Buffer, Buffer>(
    request.url,
    passThrough,
    passThrough,
    outgoingMetadata(request),
    grpcCallOptions(request),
  );
  const call = new StreamingCall(stream, request, channel);
  call.send(stream);
  return call.response;
}

/** One streaming call: reads responses, and writes requests where the client streams. */
class StreamingCall {
  /** Resolves with the response's headers, or with its status when there are none. */
  readonly response: Promise<StreamResponse>;
  readonly #stream: GrpcStream;
  readonly #request: StreamRequest;
  readonly #method: DescMethod;
  readonly #maxMessageBytes: number;
  readonly #reader: MessageReader<Message>;
  #writer: MessageWriter | undefined;
  #requests: AsyncIterator<unknown> | undefined;
  #trailer: Metadata | undefined;

  constructor(stream: GrpcStream, request: StreamRequest, channel: GrpcChannel) {
    this.#stream = stream;
    this.#request = request;
    this.#method = request.method;
    this.#maxMessageBytes = channel.maxMessageBytes;
    this.#reader = new MessageReader(stream, (bytes) => this.#decode(bytes));
    stream.on("error", () => {}); // The status says it better, and comes right after.
    stream.on("status", (status: StatusObject) => this.#onStatus(status));
    if (isCancellable(signalOf(request))) signalOf(request).addEventListener("abort", this.#onAbort);
    this.response = new Promise((resolve) => {
      stream.on("metadata", (metadata: Metadata) => resolve(this.#respond(trailersOf(metadata))));
      stream.on("status", () => resolve(this.#respond(new MetadataHeaders())));
    });
  }

  /** Sends the requests of a client that streams; its producer waits while the peer does not read. */
  send(sink: ClientDuplexStream<Buffer, Buffer>): void {
    this.#writer = new MessageWriter(sink);
    this.#pump(this.#writer, sink).catch((error) => this.#abort(toConnectError(error)));
  }

  async #pump(writer: MessageWriter, sink: ClientDuplexStream<Buffer, Buffer>): Promise<void> {
    const requests = this.#request.message[Symbol.asyncIterator]();
    this.#requests = requests;
    for (let item = await requests.next(); item.done !== true; item = await requests.next()) {
      if (writer.closed) return;
      await writer.write(encodeMessage(this.#method.input, item.value as Message, this.#maxMessageBytes));
    }
    this.#requests = undefined;
    if (!writer.closed) sink.end();
  }

  #respond(header: Headers): StreamResponse {
    const { service, method } = this.#request;
    const trailer = MetadataHeaders.lazy((headers) => {
      if (this.#trailer === undefined) return;
      trailersOf(this.#trailer).forEach((value, name) => {
        headers.set(name, value);
      });
    });
    const next = () => this.#reader.next() as Promise<IteratorResult<never>>;
    const leave = async () => {
      this.#abort(abortError(undefined));
      return { done: true as const, value: undefined };
    };
    return {
      stream: true,
      service,
      method,
      header,
      trailer,
      message: { [Symbol.asyncIterator]: () => ({ next, return: leave }) },
    };
  }

  #decode(bytes: Uint8Array): Message {
    try {
      return decodeResponse(this.#method.output, bytes, this.#maxMessageBytes);
    } catch (error) {
      this.#abort(toConnectError(error));
      throw error;
    }
  }

  #onStatus(status: StatusObject): void {
    this.#trailer = status.metadata;
    if (status.code !== GrpcStatus.OK) this.#reader.fail(fromStatus(status));
    this.#release();
  }

  readonly #onAbort = (): void => this.#abort(abortError(signalOf(this.#request).reason));

  #abort(error: ConnectError): void {
    this.#reader.abort(error);
    this.#stream.cancel();
    this.#release();
  }

  // The call is over: let go of the signal, of a waiting write, and of the producer of requests.
  #release(): void {
    signalOf(this.#request).removeEventListener("abort", this.#onAbort);
    this.#writer?.close();
    this.#requests?.return?.().then(undefined, () => {});
  }
}
