import type { IncomingMessage, ServerResponse } from "node:http";

const METHODS = "GET, POST, OPTIONS";
const EXPOSED = [
  "grpc-status",
  "grpc-message",
  "grpc-status-details-bin",
  "retry-after",
  "x-request-id",
  "x-ratelimit-limit-requests",
  "x-ratelimit-remaining-requests",
  "x-ratelimit-reset-requests",
  "x-agentmesh-run-id",
  "x-agentmesh-cost-nano-usd",
  "x-agentmesh-error-reason",
].join(", ");
// A header name list as a browser may ask for; what is asked for is allowed, since calls are authenticated anyway.
const HEADER_NAMES = /^[A-Za-z0-9!#$%&'*+.^_`|~, -]{1,1024}$/;

/**
 * Lets pages of the given origins call the HTTP port from a browser, and answers their preflights. Keys travel in a
 * header, never in a cookie, so credentials are not allowed. Undefined when no origin is: the port then sends nothing
 * of the kind.
 */
export function corsGuard(origins: readonly string[]) {
  if (origins.length === 0) return undefined;
  const allowed = new Set(origins);
  return (request: IncomingMessage, response: ServerResponse): boolean => {
    const { origin } = request.headers;
    if (origin === undefined) return false;
    response.setHeader("vary", "origin");
    if (!allowed.has(origin) && !allowed.has("*")) return false;
    response.setHeader("access-control-allow-origin", origin);
    response.setHeader("access-control-expose-headers", EXPOSED);
    if (request.method !== "OPTIONS") return false;
    answerPreflight(request, response);
    return true;
  };
}

function answerPreflight(request: IncomingMessage, response: ServerResponse): void {
  const asked = request.headers["access-control-request-headers"];
  if (asked !== undefined && HEADER_NAMES.test(asked)) response.setHeader("access-control-allow-headers", asked);
  response.setHeader("access-control-allow-methods", METHODS);
  response.setHeader("access-control-max-age", "7200");
  response.writeHead(204).end();
}
