import { principalKey, toConnectError } from "@agentmesh/rpc";
import { DomainError } from "@agentmesh/rpc/domain-error";
import { ConnectError, type Interceptor } from "@connectrpc/connect";
import type { RateDecision, RateLimit, RateLimitStore } from "../domain/rate-limit/rate-limit-store.ts";
import { errors } from "../errors.ts";

/** What the interceptor needs. */
export interface RateLimitOptions {
  readonly store: RateLimitStore;
  /** The limit of a key that has just been authenticated. */
  readonly limitOf: (keyId: string) => RateLimit;
  /** Told of every refused call. */
  readonly onRefused: () => void;
}

/**
 * Admits as many calls of a key as its limit says, on every protocol. Answers and errors carry what is left, in the
 * headers that OpenAI's clients know.
 */
export function rateLimitInterceptor({ store, limitOf, onRefused }: RateLimitOptions): Interceptor {
  return (next) => async (request) => {
    const credential = request.contextValues.get(principalKey);
    if (credential === undefined) return next(request);
    const { keyId } = credential.principal;
    const limit = limitOf(keyId);
    const decision = await store.take(keyId, limit);
    try {
      if (!decision.admitted) throw refusal(keyId, limit, decision);
      const response = await next(request);
      writeLimits(response.header, limit, decision);
      return response;
    } catch (thrown) {
      if (!decision.admitted) onRefused();
      if (!isMeant(thrown)) throw thrown;
      const error = toConnectError(thrown);
      writeLimits(error.metadata, limit, decision);
      throw error;
    }
  };
}

// An error that nobody meant to send must reach the outermost interceptor as it is: there it is logged.
function isMeant(thrown: unknown): boolean {
  if (thrown instanceof DomainError) return thrown.code !== "INTERNAL" && thrown.code !== "DATA_LOSS";
  return thrown instanceof ConnectError;
}

function refusal(keyId: string, { requestsPerMinute, burst }: RateLimit, { retryAfterMs }: RateDecision) {
  const description = `${requestsPerMinute} requests a minute, ${burst} at once`;
  return errors.RATE_LIMITED({
    message: `This API key may make ${description}. Try again in ${Math.ceil(retryAfterMs)} ms.`,
    metadata: { key_id: keyId, requests_per_minute: String(requestsPerMinute), burst: String(burst) },
    retryAfterMs,
    quota: [{ subject: `key:${keyId}`, description }],
  });
}

function writeLimits(headers: Headers, limit: RateLimit, { remaining, resetMs }: RateDecision): void {
  headers.set("x-ratelimit-limit-requests", String(limit.requestsPerMinute));
  headers.set("x-ratelimit-remaining-requests", String(remaining));
  headers.set("x-ratelimit-reset-requests", `${Math.ceil(resetMs)}ms`);
}
