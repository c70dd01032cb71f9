import type { PublicEdge } from "@agentmesh/modules";
import type { Authenticate, DeadlinePolicy } from "@agentmesh/rpc";
import type { Telemetry } from "@agentmesh/telemetry";
import { corsGuard } from "./adapters/http/cors.ts";
import { openAiRoutes } from "./adapters/http/openai/routes.ts";
import type { GatewayConfig } from "./config.ts";
import type { Authenticator } from "./domain/keys/authenticator.ts";
import type { RateLimit, RateLimitStore } from "./domain/rate-limit/rate-limit-store.ts";
import { errors } from "./errors.ts";
import { rateLimitInterceptor } from "./interceptors/rate-limit.ts";
import { metrics as catalogue } from "./metrics.ts";

/** What the public door needs. */
export interface GatewayEdgeOptions {
  readonly config: GatewayConfig;
  readonly authenticator: Authenticator;
  readonly rateLimits: RateLimitStore;
  readonly telemetry: Telemetry;
  readonly clock: () => number;
}

/** What stands at the public ports: keys, deadlines, rate limits, OpenAI's routes, the rules of browsers. */
export function gatewayEdge(options: GatewayEdgeOptions): PublicEdge {
  const { config, telemetry, clock, rateLimits: store } = options;
  const { metrics } = telemetry;
  const refused = metrics.counter(catalogue.rateLimited);
  const httpGuard = corsGuard(config.corsOrigins);
  const limits = { store, limitOf: limitsOf(options), onRefused: () => refused.add(1) };
  return {
    authenticate: authenticateWith(options),
    deadlines: deadlinesOf(config),
    interceptors: [rateLimitInterceptor(limits)],
    httpRoutes: (transport) => openAiRoutes({ transport, clock, metrics, maxBodyBytes: config.maxBodyBytes }),
    ...(httpGuard && { httpGuard }),
  };
}

const BEARER = /^bearer +(\S+) *$/i;

/** The secret of a call: `authorization: Bearer …` or `x-api-key: …`; undefined when it has neither. */
export function secretOf(headers: Headers): string | undefined {
  const authorization = headers.get("authorization");
  if (authorization === null) return headers.get("x-api-key") ?? undefined;
  // Another scheme is a wrong key, not a missing one: its sender must learn that it was read.
  return BEARER.exec(authorization)?.[1] ?? authorization;
}

function authenticateWith({ authenticator, telemetry }: GatewayEdgeOptions): Authenticate {
  const refused = telemetry.metrics.counter(catalogue.keysRefused);
  const count = (thrown: unknown): never => {
    for (const [reason, error] of Object.entries(errors)) if (error.is(thrown)) refused.add(1, { reason });
    throw thrown;
  };
  return (request) => {
    try {
      const credential = authenticator.authenticate(secretOf(request.header));
      return credential instanceof Promise ? credential.catch(count) : credential;
    } catch (thrown) {
      return count(thrown);
    }
  };
}

function deadlinesOf({ unaryDeadline, streamDeadline, maxDeadline }: GatewayConfig): DeadlinePolicy {
  const byDefault = { unary: Math.min(unaryDeadline, maxDeadline), stream: Math.min(streamDeadline, maxDeadline) };
  return { default: byDefault, max: { unary: maxDeadline, stream: maxDeadline } };
}

function limitsOf({ config, authenticator }: GatewayEdgeOptions): (keyId: string) => RateLimit {
  const limitFor = (requestsPerMinute: number): RateLimit => {
    return { requestsPerMinute, burst: Math.min(config.burst, requestsPerMinute) };
  };
  const byDefault = limitFor(config.requestsPerMinute);
  return (keyId) => {
    const own = authenticator.requestsPerMinuteOf(keyId);
    return own === undefined ? byDefault : limitFor(own);
  };
}
