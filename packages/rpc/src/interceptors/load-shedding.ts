import { type Metrics, sharedMetrics } from "@agentmesh/telemetry";
import { Code, type Interceptor } from "@connectrpc/connect";
import { rpcError } from "../errors/to-connect-error.ts";
import type { ConcurrencyLimiter } from "./concurrency-limiter.ts";
import { observeEnd } from "./observe-end.ts";

/** Refuses calls above the concurrency limit at once, with RESOURCE_EXHAUSTED and when to come back. */
export function loadShedding(limiter: ConcurrencyLimiter, metrics: Metrics): Interceptor {
  const shed = metrics.counter(sharedMetrics.rpcServerShed);
  const limitGauge = metrics.gauge(sharedMetrics.rpcServerConcurrencyLimit);
  let shown = limiter.limit;
  limitGauge.set(shown);
  return (next) => (request) => {
    if (!limiter.acquire()) {
      shed.add(1, { rpc_service: request.service.typeName });
      throw overloaded(limiter);
    }
    const started = performance.now();
    return observeEnd(request, next, () => {
      limiter.release(performance.now() - started);
      if (limiter.limit !== shown) {
        shown = limiter.limit;
        limitGauge.set(shown);
      }
    });
  };
}

function overloaded({ limit, retryAfterMs }: ConcurrencyLimiter) {
  const message = `the service works on ${limit} calls, which is its limit; try again later`;
  return rpcError(Code.ResourceExhausted, "OVERLOADED", message, { metadata: { limit: String(limit) }, retryAfterMs });
}
