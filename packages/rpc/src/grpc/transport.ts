import { Code, type Interceptor, type Transport } from "@connectrpc/connect";
import { Client, credentials } from "@grpc/grpc-js";
import { connectTransport } from "../call/client-request.ts";
import { type CallFunction, chainOf } from "../call/method-plan.ts";
import { rpcError } from "../errors/to-connect-error.ts";
import { DEFAULT_MAX_MESSAGE_BYTES, type GrpcChannel } from "./channel.ts";
import { type KeepaliveTimes, keepaliveOptions } from "./keepalive.ts";
import { streamOverGrpc } from "./stream-call.ts";
import { unaryOverGrpc } from "./unary-call.ts";

/** Options of a gRPC transport. */
export interface GrpcTransportOptions {
  /** "host:port". Plain text: the mesh (Istio) encrypts between machines. */
  readonly address: string;
  readonly interceptors?: readonly Interceptor[];
  /** Limit for one message in either direction. Default 4 MiB. */
  readonly maxMessageBytes?: number;
  /** How soon a peer that fell silent is noticed. */
  readonly keepalive?: KeepaliveTimes;
}

/**
 * Connect's `Transport` over grpc-js, which costs about two thirds of connect-node's client. The connection opens
 * with the first call and is opened again when it breaks; calls meanwhile fail with UNAVAILABLE.
 */
export function createGrpcTransport(options: GrpcTransportOptions): Transport & { close(): Promise<void> } {
  const { maxMessageBytes = DEFAULT_MAX_MESSAGE_BYTES } = options;
  const client = new Client(options.address, credentials.createInsecure(), channelOptions(options, maxMessageBytes));
  const channel: GrpcChannel = { client, maxMessageBytes, closed: false };
  const unary = chainOf(whileOpen(channel, unaryOverGrpc(channel)), options.interceptors ?? []);
  const stream = chainOf(whileOpen(channel, streamOverGrpc(channel)), options.interceptors ?? []);
  const close = async () => {
    channel.closed = true;
    client.close();
  };
  return { ...connectTransport(({ method }) => (method.methodKind === "unary" ? unary : stream)), close };
}

// Innermost, so that the interceptors see the failure.
function whileOpen(channel: GrpcChannel, call: CallFunction): CallFunction {
  return (request) => (channel.closed ? Promise.reject(closedError()) : call(request));
}

function closedError() {
  return rpcError(Code.Unavailable, "TRANSPORT_CLOSED", "the transport was closed");
}

function channelOptions(options: GrpcTransportOptions, maxMessageBytes: number) {
  return {
    ...keepaliveOptions(options.keepalive),
    "grpc.max_receive_message_length": maxMessageBytes,
    "grpc.max_send_message_length": -1, // Checked before, with an error that names the message.
    "grpc.service_config_disable_resolution": 1,
    "grpc.use_local_subchannel_pool": 1, // close() then closes the connection at once.
    "grpc.enable_channelz": 0,
    "grpc.enable_http_proxy": 0,
    "grpc.initial_reconnect_backoff_ms": 100,
    "grpc.max_reconnect_backoff_ms": 3_000,
  };
}
