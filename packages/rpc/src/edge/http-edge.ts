import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { Code, type ConnectRouter } from "@connectrpc/connect";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import type { InterceptorsFor, ServiceBinding } from "../binding.ts";
import { rpcError } from "../errors/to-connect-error.ts";
import type { RpcServer } from "../grpc/server.ts";
import { DEFAULT_MAX_MESSAGE_BYTES } from "../grpc/transport.ts";
import { edgeHandlers } from "./edge-handlers.ts";

/** Options of the HTTP edge. */
export interface HttpEdgeOptions {
  readonly bindings: readonly ServiceBinding[];
  readonly interceptors?: InterceptorsFor;
  /** Limit for one message in either direction, after decompression. Default 4 MiB. */
  readonly maxMessageBytes?: number;
  /** Answers every path that is no RPC. Reads bodies with its own limit. Default: 404. */
  readonly fallback?: (request: IncomingMessage, response: ServerResponse) => void;
}

/**
 * Serves the same bindings over HTTP/1.1 as Connect (binary and JSON) and gRPC-Web. Binds to loopback unless told
 * otherwise. Bidirectional streams need HTTP/2: they are for the gRPC port.
 */
export function createHttpEdge(options: HttpEdgeOptions): RpcServer {
  const shutdown = new AbortController();
  const server = createServer(adapter(options, shutdown.signal) as (request: IncomingMessage, response: ServerResponse) => void);
  const stopped = stopper(server);
  const cut = () => {
    shutdown.abort(rpcError(Code.Unavailable, "SHUTTING_DOWN", "the server is shutting down; try again", { retryAfterMs: 1_000 }));
    setTimeout(() => server.closeAllConnections(), LAST_WORDS_MS).unref();
  };
  return {
    listen: (host = "127.0.0.1", port = 0) => listen(server, host, port),
    drain: (graceMs) => drain(stopped, cut, graceMs),
    close: () => drain(stopped, cut, 0),
  };
}

// Time for the last answers to leave before the connections are cut.
const LAST_WORDS_MS = 50;

function adapter(options: HttpEdgeOptions, shutdownSignal: AbortSignal) {
  const { maxMessageBytes = DEFAULT_MAX_MESSAGE_BYTES, fallback } = options;
  const routes = (router: ConnectRouter) => {
    for (const binding of options.bindings) router.service(binding.service, edgeHandlers(binding, options.interceptors));
  };
  return connectNodeAdapter({
    routes,
    grpc: false,
    readMaxBytes: maxMessageBytes,
    writeMaxBytes: maxMessageBytes,
    shutdownSignal,
    ...(fallback === undefined ? {} : { fallback: fallback as (request: unknown, response: unknown) => void }),
  });
}

function listen(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => {
      server.off("error", reject);
      const address = server.address();
      resolve(typeof address === "object" && address !== null ? address.port : port);
    });
  });
}

// Stops listening and resolves when the last connection is closed; idle ones are closed at once.
function stopper(server: Server): () => Promise<void> {
  let stopped: Promise<void> | undefined;
  return () => {
    stopped ??= server.listening ? new Promise((resolve) => server.close(() => resolve())) : Promise.resolve();
    server.closeIdleConnections();
    return stopped;
  };
}

async function drain(stop: () => Promise<void>, cut: () => void, graceMs: number): Promise<void> {
  const hard = setTimeout(cut, graceMs);
  await stop();
  clearTimeout(hard);
}
