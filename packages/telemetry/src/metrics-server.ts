import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { CONTENT_TYPES, type ExpositionFormat } from "./exposition.ts";

/** Where the metrics port listens. Port 0 takes a free one. */
export interface MetricsAddress {
  readonly host: string;
  readonly port: number;
}

/** A listening metrics port. */
export interface MetricsServer {
  /** `host:port` as bound. */
  readonly address: string;
  close(): Promise<void>;
}

/** Serves `GET /metrics` on its own port, apart from the traffic of users. Rejects when the port is taken. */
export async function serveMetrics(
  write: (format: ExpositionFormat) => Promise<string>,
  { host, port }: MetricsAddress,
): Promise<MetricsServer> {
  const server = createServer((request, response) => {
    answer(write, request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, resolve);
  });
  const bound = (server.address() as AddressInfo).port;
  return {
    address: `${host.includes(":") ? `[${host}]` : host}:${bound}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function answer(
  write: (format: ExpositionFormat) => Promise<string>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const path = (request.url ?? "").split("?", 1)[0];
  if (path !== "/metrics") {
    response.writeHead(404, { "content-type": "text/plain" }).end("Only /metrics is served here.\n");
    return;
  }
  if (request.method !== "GET" && request.method !== "HEAD") {
    response.writeHead(405, { allow: "GET, HEAD" }).end();
    return;
  }
  const format: ExpositionFormat = request.headers.accept?.includes("application/openmetrics-text")
    ? "openmetrics"
    : "prometheus";
  const text = await write(format);
  response
    .writeHead(200, { "content-type": CONTENT_TYPES[format], "cache-control": "no-store" })
    .end(request.method === "HEAD" ? undefined : text);
}
