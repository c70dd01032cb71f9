import { attributes, spanNames, type Tracer } from "@agentmesh/telemetry";
import type { Interceptor } from "@connectrpc/connect";
import { spanKey } from "../call/call-values.ts";
import { observeEnd } from "./observe-end.ts";
import { statusName } from "./status-name.ts";

/** Records each call as a client span, and makes it the parent of the server's: by header, or in process by itself. */
export function clientTracing(tracer: Tracer, overWire: boolean): Interceptor {
  if (!tracer.enabled) return (next) => next;
  return (next) => (request) => {
    const { service, method, contextValues, header } = request;
    const span = tracer.start(spanNames.rpc(service.typeName, method.name), {
      kind: "client",
      parent: contextValues.get(spanKey),
      attributes: {
        [attributes.rpcSystem]: "grpc",
        [attributes.rpcService]: service.typeName,
        [attributes.rpcMethod]: method.name,
      },
    });
    contextValues.set(spanKey, span);
    const traceparent = overWire ? span.traceparent() : "";
    if (traceparent !== "") header.set("traceparent", traceparent);
    return observeEnd(request, next, (failure) => {
      span.set({ [attributes.rpcStatus]: statusName(failure) });
      if (failure !== undefined) span.fail(failure);
      span.end();
    });
  };
}
