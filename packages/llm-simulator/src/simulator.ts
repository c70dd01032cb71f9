import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { type Faults, parseFaults } from "./faults.ts";
import { type Exchange, sendError } from "./serving/exchange.ts";
import { RequestLog, type RequestRecord } from "./serving/request-log.ts";
import { Router } from "./serving/router.ts";
import { ApiError } from "./wire/api-error.ts";

/** How a simulator behaves; everything has a default. */
export interface SimulatorOptions {
  /** Default 127.0.0.1. */
  readonly host?: string | undefined;
  /** Default 0: a free one. */
  readonly port?: number | undefined;
  /** Milliseconds before an answer begins. Default 0. */
  readonly latencyMs?: number | undefined;
  /** Pace of the answers. Default: as fast as possible. */
  readonly tokensPerSecond?: number | undefined;
  /** Faults of every request, as in a model's name: `status=503,fail_times=2`. */
  readonly faults?: string | Faults | undefined;
  /** When set, requests need it as `Authorization: Bearer …`. */
  readonly apiKey?: string | undefined;
  /** How many requests are remembered at least (at most twice as many). Default 200; 0 for none. */
  readonly rememberRequests?: number | undefined;
}

/** A running simulator. */
export interface Simulator {
  /** The base address for clients: `http://127.0.0.1:<port>/v1`. */
  readonly url: string;
  readonly port: number;
  /** The last requests, oldest first. */
  readonly requests: readonly RequestRecord[];
  /** Number of requests since the start. */
  readonly requestCount: number;
  /** Closes the port and all connections. */
  close(): Promise<void>;
}

const MAX_BODY_BYTES = 32 * 1024 * 1024;

/** Starts a simulator. Rejects when the port is taken or a fault is unknown. */
export async function createSimulator(options: SimulatorOptions = {}): Promise<Simulator> {
  const { host = "127.0.0.1", port = 0, rememberRequests = 200 } = options;
  const router = new Router({ apiKey: options.apiKey, faults: commonFaults(options) });
  const log = new RequestLog(rememberRequests);
  const server = createServer((request, response) => serve({ router, log }, request, response));
  // Longer than the idle time of usual client pools, so that no client writes into a connection that is closing.
  server.keepAliveTimeout = 75_000;
  await listen(server, host, port);
  const bound = (server.address() as AddressInfo).port;
  return {
    url: `http://${host.includes(":") ? `[${host}]` : host}:${bound}/v1`,
    port: bound,
    requests: log.records,
    get requestCount() {
      return log.total;
    },
    close: () => close(server),
  };
}

function commonFaults({ faults = {}, latencyMs, tokensPerSecond }: SimulatorOptions): Faults {
  const parsed = typeof faults === "string" ? parseFaults(faults.split(/[+,]/).filter((part) => part !== "")) : faults;
  if (typeof parsed === "string") throw new TypeError(parsed);
  return {
    ...(latencyMs ? { latency_ms: latencyMs } : {}),
    ...(tokensPerSecond ? { tps: tokensPerSecond } : {}),
    ...parsed,
  };
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => {
      server.off("error", reject);
      resolve();
    });
  });
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

function serve(
  { router, log }: { router: Router; log: RequestLog },
  request: IncomingMessage,
  response: ServerResponse,
): void {
  const path = (request.url ?? "/").split("?", 1)[0] ?? "/";
  const record = log.open({ method: request.method ?? "GET", path, headers: request.headers });
  const exchange: Exchange = { request, response, record };
  response.once("close", () => {
    if (!response.writableFinished && record.outcome !== "cut" && record.outcome !== "reset") record.outcome = "gone";
  });
  const chunks: Buffer[] = [];
  let size = 0;
  request.on("data", (chunk: Buffer) => {
    size += chunk.length;
    if (size <= MAX_BODY_BYTES) chunks.push(chunk);
  });
  request.on("end", () => {
    const body = chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks);
    const answered = size > MAX_BODY_BYTES ? Promise.reject(tooLarge()) : router.answer(exchange, body);
    answered.catch((error: unknown) => failed(exchange, error));
  });
  request.on("error", () => response.destroy());
}

function tooLarge(): ApiError {
  return new ApiError(413, `The request body is larger than ${MAX_BODY_BYTES} bytes.`, { code: "request_too_large" });
}

function failed(exchange: Exchange, error: unknown): void {
  if (exchange.response.headersSent || exchange.response.destroyed) {
    exchange.response.destroy();
    return;
  }
  sendError(exchange, error instanceof ApiError ? error : new ApiError(500, "The simulator failed to answer."));
}
