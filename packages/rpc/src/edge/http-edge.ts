import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { Code, createConnectRouter } from "@connectrpc/connect";
import {
  compressionBrotli,
  compressionGzip,
  universalRequestFromNodeRequest,
  universalResponseToNodeResponse,
} from "@connectrpc/connect-node";
import type { InterceptorsFor, ServiceBinding } from "../binding.ts";
import { rpcError } from "../errors/to-connect-error.ts";
import { DEFAULT_MAX_MESSAGE_BYTES } from "../grpc/channel.ts";
import type { RpcServer } from "../grpc/server.ts";
import { checkedText } from "./checked-text.ts";
import { completeError } from "./complete-error.ts";
import { edgeHandlers } from "./edge-handlers.ts";

/** Options of the HTTP edge. */
export interface HttpEdgeOptions {
  readonly bindings: readonly ServiceBinding[];
  readonly interceptors?: InterceptorsFor;
  /** Limit for one message in either direction, after decompression. Default 4 MiB. */
  readonly maxMessageBytes?: number;
  /** Answers every path that is no RPC. Reads bodies with its own limit. Default: 404. */
  readonly fallback?: (request: IncomingMessage, response: ServerResponse) => void;
  /** Sees every request first; true: it has answered. */
  readonly guard?: (request: IncomingMessage, response: ServerResponse) => boolean;
}

/**
 * Serves the same bindings over HTTP/1.1 as Connect (binary and JSON) and gRPC-Web. Binds to loopback unless told
 * otherwise. Bidirectional streams need HTTP/2: they are for the gRPC port.
 */
export function createHttpEdge(options: HttpEdgeOptions): RpcServer {
  const shutdown = new AbortController();
  const server = createServer(router(options, shutdown.signal));
  const stopped = stopper(server);
  const cut = () => {
    shutdown.abort(
      rpcError(Code.Unavailable, "SHUTTING_DOWN", "the server is shutting down; try again", { retryAfterMs: 1_000 }),
    );
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

// How long a refused client may go on sending before its connection is cut.
const REST_OF_BODY_MS = 1_000;

// A request refused half-way, say for its size, would be cut off by the end of Connect's loop over its body, and the
// client would see a broken connection instead of the error. So the rest is read and dropped, for a while.
function keepReadable(request: IncomingMessage, response: ServerResponse): void {
  const body = { [Symbol.asyncIterator]: () => request.iterator({ destroyOnReturn: false }) };
  request[Symbol.asyncIterator] = () =>
    checkedText(request, body)[Symbol.asyncIterator]() as ReturnType<IncomingMessage["iterator"]>;
  response.once("finish", () => {
    if (request.complete) return;
    request.resume();
    const patience = setTimeout(() => request.destroy(), REST_OF_BODY_MS).unref();
    request.once("close", () => clearTimeout(patience));
  });
}

type Handle = (request: IncomingMessage, response: ServerResponse) => void;

// What connect-node's adapter does, except that it writes to the console when a client has left.
function router(options: HttpEdgeOptions, shutdownSignal: AbortSignal): Handle {
  const { maxMessageBytes = DEFAULT_MAX_MESSAGE_BYTES, fallback = notFound } = options;
  const limits = { readMaxBytes: maxMessageBytes, writeMaxBytes: maxMessageBytes };
  const routes = createConnectRouter({
    grpc: false,
    acceptCompression: [compressionGzip, compressionBrotli],
    shutdownSignal,
    ...limits,
  });
  for (const binding of options.bindings) routes.service(binding.service, edgeHandlers(binding, options.interceptors));
  const handlers = new Map(routes.handlers.map((handler) => [handler.requestPath, handler]));
  return (request, response) => {
    if (options.guard?.(request, response) === true) return;
    const handler = handlers.get(request.url?.split("?", 1)[0] ?? "");
    if (handler === undefined) return fallback(request, response);
    keepReadable(request, response);
    handler(universalRequestFromNodeRequest(request, response, undefined, undefined))
      .then(completeError)
      .then((answer) => universalResponseToNodeResponse(answer, response))
      .catch(() => response.destroy());
  };
}

function notFound(_request: IncomingMessage, response: ServerResponse): void {
  response.writeHead(404).end();
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

// Stops listening and resolves when the last connection is closed; a connection is closed once nothing is open on it.
function stopper(server: Server): () => Promise<void> {
  let stopped: Promise<void> | undefined;
  server.on("request", (_request, response) => {
    response.once("close", () => {
      if (stopped !== undefined) setImmediate(() => server.closeIdleConnections());
    });
  });
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
