import { Code } from "@connectrpc/connect";
import { Server } from "@grpc/grpc-js";
import type { InterceptorsFor, ServiceBinding } from "../binding.ts";
import { planMethods } from "../call/method-plan.ts";
import type { ServerCall } from "../call/server-call.ts";
import { rpcError } from "../errors/to-connect-error.ts";
import { healthBinding } from "../health/health-service.ts";
import type { HealthState } from "../health/health-state.ts";
import { reflectionBindings } from "../reflection/reflection-service.ts";
import { DEFAULT_MAX_MESSAGE_BYTES } from "./channel.ts";
import { type KeepaliveTimes, keepaliveOptions } from "./keepalive.ts";
import { openListener } from "./listener.ts";
import { handlerOf, type ServerContext } from "./server-handlers.ts";

/** Options of a gRPC server. */
export interface GrpcServerOptions {
  readonly bindings: readonly ServiceBinding[];
  readonly interceptors?: InterceptorsFor;
  /** Limit for one message in either direction. Default 4 MiB. */
  readonly maxMessageBytes?: number;
  /** What grpc.health.v1 answers. Served without interceptors: health must answer when the server is full. */
  readonly health?: HealthState;
  /** Whether to serve reflection, v1 and v1alpha. Default true. */
  readonly reflection?: boolean;
  readonly keepalive?: KeepaliveTimes;
}

/** A server in its life: it listens once, drains once, and may be closed at any time. */
export interface RpcServer {
  /** Starts to listen. Port 0 takes a free one. @returns the port */
  listen(host?: string, port?: number): Promise<number>;
  /** Takes no more calls, lets the open ones finish, and ends those that last longer than `graceMs` milliseconds. */
  drain(graceMs: number): Promise<void>;
  /** Ends everything now. */
  close(): Promise<void>;
}

/** Hosts services on grpc-js. Binds to loopback unless told otherwise. */
export function createGrpcServer(options: GrpcServerOptions): RpcServer {
  const { maxMessageBytes = DEFAULT_MAX_MESSAGE_BYTES } = options;
  const server = new Server(serverOptions(options, maxMessageBytes));
  const context: ServerContext = { maxMessageBytes, open: new Set() };
  const plans = [
    ...planMethods(options.bindings, options.interceptors).values(),
    ...planMethods(ownBindings(options), undefined).values(),
  ];
  for (const plan of plans) {
    server.register(plan.path, handlerOf(plan, context), passThrough, passThrough, GRPC_KINDS[plan.method.methodKind]);
  }
  const listener = openListener(server);
  const stopped = once(() => listener.close());
  // What is still open gets an error that says why, and a moment for it to leave.
  const end = () => {
    const patience = context.open.size === 0 ? 0 : LAST_WORDS_MS;
    terminate(context.open);
    setTimeout(() => listener.cut(), patience);
  };
  return {
    listen: (host = "127.0.0.1", port = 0) => listener.listen(host, port),
    drain: async (graceMs) => {
      const hard = setTimeout(end, graceMs);
      await stopped();
      clearTimeout(hard);
    },
    close: async () => {
      end();
      await stopped();
    },
  };
}

// Time for the last statuses to leave before the connections are cut.
const LAST_WORDS_MS = 50;

const GRPC_KINDS = {
  unary: "unary",
  client_streaming: "clientStream",
  server_streaming: "serverStream",
  bidi_streaming: "bidi",
} as const;

function passThrough(bytes: Buffer): Buffer {
  return bytes;
}

function ownBindings(options: GrpcServerOptions): ServiceBinding[] {
  const health = options.health === undefined ? [] : [healthBinding(options.health)];
  const described = [...options.bindings, ...health];
  return options.reflection === false
    ? health
    : [...health, ...reflectionBindings(described.map(({ service }) => service))];
}

function serverOptions(options: GrpcServerOptions, maxMessageBytes: number) {
  return {
    ...keepaliveOptions(options.keepalive),
    // Twice the limit, so that what is a little too large gets an error with details from us; grpc-js ends what is
    // larger still, before it is read, with a bare status.
    "grpc.max_receive_message_length": maxMessageBytes * 2,
    "grpc.max_send_message_length": -1,
    "grpc.enable_channelz": 0,
  };
}

function terminate(open: ReadonlySet<ServerCall>): void {
  for (const call of open)
    call.terminate(
      rpcError(Code.Unavailable, "SHUTTING_DOWN", "the server is shutting down; try again", { retryAfterMs: 1_000 }),
    );
}

function once<T>(action: () => T): () => T {
  let result: { readonly value: T } | undefined;
  return () => {
    result ??= { value: action() };
    return result.value;
  };
}
