import { type Metrics, sharedMetrics } from "@agentmesh/telemetry";
import type { Interceptor } from "@connectrpc/connect";
import { spanKey } from "../call/call-values.ts";
import { observeEnd } from "./observe-end.ts";
import { statusName } from "./status-name.ts";

/** Counts the calls that wait for another service, and measures each to its last message. */
export function clientMetrics(metrics: Metrics, dependency: string): Interceptor {
  const duration = metrics.histogram(sharedMetrics.rpcClientDuration);
  const inFlight = metrics.gauge(sharedMetrics.rpcClientInFlight);
  const service = { dependency };
  return (next) => (request) => {
    const started = performance.now();
    inFlight.add(1, service);
    return observeEnd(request, next, (failure) => {
      inFlight.add(-1, service);
      const labels = { dependency, rpc_method: request.method.name, code: statusName(failure) };
      duration.observe((performance.now() - started) / 1000, labels, request.contextValues.get(spanKey));
    });
  };
}
