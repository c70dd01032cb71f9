import { type Metrics, sharedMetrics } from "@agentmesh/telemetry";
import type { Interceptor } from "@connectrpc/connect";
import { spanKey } from "../call/call-values.ts";
import { observeEnd } from "./observe-end.ts";
import { statusName } from "./status-name.ts";

/** Counts the calls in flight, and measures each to its last message by method and status. */
export function serverMetrics(metrics: Metrics): Interceptor {
  const duration = metrics.histogram(sharedMetrics.rpcServerDuration);
  const inFlight = metrics.gauge(sharedMetrics.rpcServerInFlight);
  return (next) => (request) => {
    const started = performance.now();
    const service = { rpc_service: request.service.typeName };
    inFlight.add(1, service);
    return observeEnd(request, next, (failure) => {
      inFlight.add(-1, service);
      const labels = { rpc_service: service.rpc_service, rpc_method: request.method.name, code: statusName(failure) };
      duration.observe((performance.now() - started) / 1000, labels, request.contextValues.get(spanKey));
    });
  };
}
