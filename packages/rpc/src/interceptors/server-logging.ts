import { events, type Logger } from "@agentmesh/telemetry";
import type { Interceptor } from "@connectrpc/connect";
import { principalKey, spanKey } from "../call/call-values.ts";
import { observeEnd } from "./observe-end.ts";
import { statusName } from "./status-name.ts";

/** One line per call, at the level of the event (debug): who, what, how it ended, how long it took. No content. */
export function serverLogging(logger: Logger): Interceptor {
  return (next) => (request) => {
    if (!logger.enabled(events.rpcServed.level)) return next(request);
    const started = performance.now();
    return observeEnd(request, next, (failure) => {
      const { service, method, contextValues } = request;
      const principal = contextValues.get(principalKey)?.principal;
      const fields = {
        rpc_service: service.typeName,
        rpc_method: method.name,
        code: statusName(failure),
        duration_ms: Math.round((performance.now() - started) * 1000) / 1000,
        tenant: principal?.tenant,
        key_id: principal?.keyId,
      };
      logger.event(events.rpcServed, fields, contextValues.get(spanKey));
    });
  };
}
