import { attributes, spanNames, type Tracer } from "@agentmesh/telemetry";
import type { Interceptor } from "@connectrpc/connect";
import { spanKey } from "../call/call-values.ts";
import { observeEnd } from "./observe-end.ts";
import { statusName } from "./status-name.ts";

/** Records each call as a server span: under the caller's span in process, under its `traceparent` on the wire. */
export function serverTracing(tracer: Tracer): Interceptor {
  if (!tracer.enabled) return (next) => next;
  return (next) => (request) => {
    const { service, method, contextValues, header } = request;
    const span = tracer.start(spanNames.rpc(service.typeName, method.name), {
      kind: "server",
      parent: contextValues.get(spanKey),
      traceparent: header.get("traceparent") ?? undefined,
      attributes: {
        [attributes.rpcSystem]: "grpc",
        [attributes.rpcService]: service.typeName,
        [attributes.rpcMethod]: method.name,
      },
    });
    contextValues.set(spanKey, span);
    return observeEnd(request, next, (failure) => {
      span.set({ [attributes.rpcStatus]: statusName(failure) });
      if (failure !== undefined) span.fail(failure);
      span.end();
    });
  };
}
