import type { IncomingMessage } from "node:http";
import type { PublicEdge } from "@agentmesh/modules";
import type { DeadlinePolicy } from "@agentmesh/rpc";
import { DomainError } from "@agentmesh/rpc/domain-error";
import type { PrincipalCredential } from "@agentmesh/rpc/scope";
import { events, type Logger, type Telemetry } from "@agentmesh/telemetry";
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
  const authenticate = authenticateWith(options);
  const admit = logged(telemetry.logger, ({ headers }) => authenticate({ get: (name) => headerText(headers[name]) }));
  return {
    authenticate: ({ header }) => authenticate(header),
    deadlines: deadlinesOf(config),
    interceptors: [rateLimitInterceptor(limits)],
    httpRoutes: (transport) => openAiRoutes({ transport, admit, clock, metrics, maxBodyBytes: config.maxBodyBytes }),
    ...(httpGuard && { httpGuard }),
  };
}

type Admit = (request: IncomingMessage) => PrincipalCredential | Promise<PrincipalCredential>;

// The log line that RPCs get from the interceptor that asks for their principal.
function logged(logger: Logger, admit: Admit): Admit {
  const refuse = (error: unknown): never => {
    const reason = error instanceof DomainError ? error.reason : "UNAUTHENTICATED";
    logger.event(events.accessDenied, { reason, rpc_method: "http" });
    throw error;
  };
  return (request) => {
    try {
      const credential = admit(request);
      return credential instanceof Promise ? credential.catch(refuse) : credential;
    } catch (error) {
      return refuse(error);
    }
  };
}

function headerText(value: string | readonly string[] | undefined): string | null {
  return typeof value === "string" ? value : null;
}

/** Where a call's headers are read. */
export type HeaderSource = Pick<Headers, "get">;

const BEARER = /^bearer +(\S+) *$/i;

/** The secret of a call: `authorization: Bearer …` or `x-api-key: …`; undefined when it has neither. */
export function secretOf(headers: HeaderSource): string | undefined {
  const authorization = headers.get("authorization");
  if (authorization === null) return headers.get("x-api-key") ?? undefined;
  // Another scheme is a wrong key, not a missing one: its sender must learn that it was read.
  return BEARER.exec(authorization)?.[1] ?? authorization;
}

type AuthenticateHeaders = (headers: HeaderSource) => PrincipalCredential | Promise<PrincipalCredential>;

function authenticateWith({ authenticator, telemetry }: GatewayEdgeOptions): AuthenticateHeaders {
  const refused = telemetry.metrics.counter(catalogue.keysRefused);
  const count = (thrown: unknown): never => {
    for (const [reason, error] of Object.entries(errors)) if (error.is(thrown)) refused.add(1, { reason });
    throw thrown;
  };
  return (headers) => {
    try {
      const credential = authenticator.authenticate(secretOf(headers));
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
