import type { IncomingMessage, ServerResponse } from "node:http";
import type { Faults } from "../faults.ts";
import type { ApiError } from "../wire/api-error.ts";
import type { RequestRecord } from "./request-log.ts";

/** One request being answered. */
export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly record: RequestRecord;
}

const JSON_TYPE = "application/json";

/** Sends a whole JSON body. */
export function sendJson(
  { response, record }: Exchange,
  status: number,
  body: string,
  headers: Readonly<Record<string, string>> = {},
): void {
  record.status = status;
  response.writeHead(status, {
    "content-type": JSON_TYPE,
    "content-length": Buffer.byteLength(body),
    "x-request-id": `req_sim_${record.sequence}`,
    ...headers,
  });
  response.end(body);
}

/** Sends an error in OpenAI's shape. */
export function sendError(exchange: Exchange, error: ApiError, headers: Readonly<Record<string, string>> = {}): void {
  exchange.record.outcome = "error";
  sendJson(exchange, error.status, error.body(), headers);
}

/** Sends a body with the faults that break it: half of it, broken JSON, or a connection that goes quiet. */
export function sendBody(exchange: Exchange, body: string, { cut, truncate, stall, malformed }: Faults): void {
  const { response, record } = exchange;
  const breaks = cut ?? truncate ?? stall;
  if (breaks === undefined) {
    record.outcome = malformed === undefined ? "complete" : "malformed";
    sendJson(exchange, 200, malformed === undefined ? body : body.slice(0, body.length / 2));
    return;
  }
  record.status = 200;
  record.outcome = cut !== undefined ? "cut" : truncate !== undefined ? "truncate" : "stall";
  const half = body.slice(0, body.length / 2);
  if (truncate !== undefined) {
    response.writeHead(200, { "content-type": JSON_TYPE }).end(half);
    return;
  }
  response.writeHead(200, { "content-type": JSON_TYPE, "content-length": Buffer.byteLength(body) });
  response.write(half, () => {
    if (cut !== undefined) response.destroy();
  });
}

/** Waits; resolves false when the caller left meanwhile. */
export function pause({ response }: Exchange, milliseconds: number): Promise<boolean> {
  if (response.destroyed) return Promise.resolve(false);
  return new Promise((resolve) => {
    const timer = setTimeout(done, milliseconds, true);
    const left = () => done(false);
    response.once("close", left);
    function done(stayed: boolean): void {
      clearTimeout(timer);
      response.off("close", left);
      resolve(stayed);
    }
  });
}
