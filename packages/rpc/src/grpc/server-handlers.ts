import type { EventEmitter } from "node:events";
import type { Readable } from "node:stream";
import type { DescMethod, Message } from "@bufbuild/protobuf";
import type { StreamResponse } from "@connectrpc/connect";
import { Metadata, type sendUnaryData, type UntypedHandleCall } from "@grpc/grpc-js";
import { CallValues } from "../call/call-values.ts";
import type { MetadataHeaders } from "../call/metadata-headers.ts";
import { type MethodPlan, UnreadableRequest } from "../call/method-plan.ts";
import { runStream, runUnary } from "../call/run-call.ts";
import { ServerCall } from "../call/server-call.ts";
import { cancelError } from "../errors/abort-error.ts";
import { toConnectError } from "../errors/to-connect-error.ts";
import { decodeRequest, encodeMessage } from "./codec.ts";
import { MessageReader } from "./message-reader.ts";
import { type MessageSink, MessageWriter } from "./message-writer.ts";
import { toHeaders, toMetadata } from "./metadata.ts";
import { toStatus } from "./status.ts";

/** What handlers share with their server. */
export interface ServerContext {
  readonly maxMessageBytes: number;
  /** The calls that are open now, for a drain that has run out of patience. */
  readonly open: Set<ServerCall>;
}

// The four call types of grpc-js, as far as they are used here.
interface Incoming extends EventEmitter {
  readonly metadata: Metadata;
  getDeadline(): Date | number;
  sendMetadata(metadata: Metadata): void;
}
interface IncomingOne extends Incoming {
  readonly request: Buffer;
}
type IncomingMany = Incoming & Readable;
interface Outgoing extends Incoming, MessageSink {
  end(trailers?: Metadata): void;
}
type Callback = sendUnaryData<Buffer>;

/** The grpc-js handler of a method. It never throws: every failure becomes a status with details. */
export function handlerOf(plan: MethodPlan, context: ServerContext): UntypedHandleCall {
  const { method } = plan;
  switch (method.methodKind) {
    case "unary":
      return (incoming: IncomingOne, callback: Callback) => {
        const call = arrive(plan, context, incoming);
        call.message = readOne(method, incoming.request, context);
        const send = sender(incoming, call, method, context);
        runUnary(plan, call)
          .then(({ message }) => send.one(callback, message))
          .catch((error) => send.failure(callback, error));
      };
    case "client_streaming":
      return (incoming: IncomingMany, callback: Callback) => {
        const call = arrive(plan, context, incoming);
        call.message = readMany(method, incoming, call, context);
        const send = sender(incoming, call, method, context);
        runStream(plan, call)
          .then(lastMessage)
          .then((message) => send.one(callback, message))
          .catch((error) => send.failure(callback, error));
      };
    case "server_streaming":
      return (incoming: IncomingOne & Outgoing) => {
        const call = arrive(plan, context, incoming);
        call.message = once(readOne(method, incoming.request, context));
        answerMany(plan, call, incoming, context);
      };
    case "bidi_streaming":
      return (incoming: IncomingMany & Outgoing) => {
        const call = arrive(plan, context, incoming);
        call.message = readMany(method, incoming, call, context);
        answerMany(plan, call, incoming, context);
      };
  }
}

function arrive({ method, path }: MethodPlan, { open }: ServerContext, incoming: Incoming): ServerCall {
  const time = Number(incoming.getDeadline());
  const deadline = Number.isFinite(time) ? time : undefined;
  const header = toHeaders(incoming.metadata);
  const call = new ServerCall({
    method,
    path,
    protocolName: "grpc",
    header,
    values: new CallValues(),
    deadline,
    message: undefined,
  });
  open.add(call);
  // grpc-js says "cancelled" after every call; a finished one takes no notice.
  incoming.on("cancelled", () => {
    call.abort(cancelError());
    open.delete(call);
  });
  return call;
}

/** Sends the one answer of a call. */
function sender(incoming: Incoming, call: ServerCall, method: DescMethod, context: ServerContext) {
  return {
    one: (callback: Callback, message: unknown) => {
      const bytes = encodeMessage(method.output, message as Message, context.maxMessageBytes);
      sendHeaders(incoming, call.responseHeader);
      callback(null, bytes, trailersOf(call));
    },
    failure: (callback: Callback, thrown: unknown) => {
      call.finish();
      sendHeaders(incoming, call.responseHeader);
      callback(toStatus(toConnectError(thrown), call.responseTrailer));
    },
  };
}

function answerMany(plan: MethodPlan, call: ServerCall, outgoing: Outgoing, context: ServerContext): void {
  const writer = new MessageWriter(outgoing);
  outgoing.on("cancelled", () => writer.close());
  const send = async () => {
    const response = await runStream(plan, call);
    for await (const message of response.message) {
      sendHeaders(outgoing, call.responseHeader);
      await writer.write(encodeMessage(plan.method.output, message, context.maxMessageBytes));
    }
    sendHeaders(outgoing, call.responseHeader);
    outgoing.end(trailersOf(call));
  };
  send().catch((thrown) => {
    call.finish();
    sendHeaders(outgoing, call.responseHeader);
    outgoing.emit("error", toStatus(toConnectError(thrown), call.responseTrailer));
  });
}

function readOne(method: DescMethod, bytes: Uint8Array, context: ServerContext): unknown {
  try {
    return decodeRequest(method.input, bytes, context.maxMessageBytes);
  } catch (error) {
    return new UnreadableRequest(error);
  }
}

function readMany(
  method: DescMethod,
  incoming: IncomingMany,
  call: ServerCall,
  context: ServerContext,
): AsyncIterable<Message> {
  const reader = new MessageReader(incoming, (bytes) => decodeRequest(method.input, bytes, context.maxMessageBytes));
  call.onEnd = () => reader.abort(call.failure ?? cancelError());
  return { [Symbol.asyncIterator]: () => reader };
}

async function* once(message: unknown): AsyncGenerator<unknown, void, undefined> {
  if (message instanceof UnreadableRequest) throw message.error;
  yield message;
}

async function lastMessage(response: StreamResponse): Promise<unknown> {
  let last: unknown;
  for await (const message of response.message) last = message;
  return last;
}

// Sends the headers that the handler has set; grpc-js ignores all but the first time.
function sendHeaders(incoming: Incoming, headers: MetadataHeaders): void {
  if (!headers.empty) incoming.sendMetadata(toMetadata(headers));
}

// grpc-js clones what it sends.
const NO_TRAILERS = new Metadata();

function trailersOf(call: ServerCall): Metadata {
  return call.responseTrailer.empty ? NO_TRAILERS : toMetadata(call.responseTrailer);
}
