import { create, type DescMethod } from "@bufbuild/protobuf";
import type { ContextValues, StreamRequest, Transport, UnaryRequest } from "@connectrpc/connect";
import { pathOf } from "../binding.ts";
import { CallValues, deadlineKey } from "./call-values.ts";
import { mapIterable } from "./map-iterable.ts";
import { MetadataHeaders } from "./metadata-headers.ts";
import type { CallFunction } from "./method-plan.ts";

/** The arguments that Connect hands to a transport, by name. */
export interface OutgoingCall {
  readonly method: DescMethod;
  readonly signal: AbortSignal | undefined;
  readonly timeoutMs: number | undefined;
  readonly header: HeadersInit | undefined;
  readonly message: unknown;
  readonly contextValues: ContextValues | undefined;
}

// For calls without a signal. Interceptors that listen to a request's signal remove their listener themselves.
const NEVER = new AbortController().signal;

/** Whether a request has a signal that can fire. */
export function isCancellable(signal: AbortSignal): boolean {
  return signal !== NEVER;
}

/** The request as client interceptors see it. Its deadline stands in the context values. */
function clientRequest(call: OutgoingCall): UnaryRequest & StreamRequest {
  const { method, signal = NEVER, timeoutMs, header, message } = call;
  const contextValues = new CallValues(call.contextValues);
  if (timeoutMs !== undefined && timeoutMs > 0) contextValues.set(deadlineKey, Date.now() + timeoutMs);
  const stream = method.methodKind !== "unary";
  const fields = {
    stream,
    service: method.parent,
    method,
    requestMethod: "POST",
    url: pathOf(method),
    signal,
    contextValues,
    message,
  };
  return { ...fields, header: new MetadataHeaders(header) } as unknown as UnaryRequest & StreamRequest;
}

/** Makes a Connect transport of a function that finds the chain for a call. */
export function connectTransport(chainFor: (call: OutgoingCall) => CallFunction): Transport {
  const start = async (call: OutgoingCall) => chainFor(call)(clientRequest(call));
  const transport = {
    unary: (
      method: DescMethod,
      signal?: AbortSignal,
      timeoutMs?: number,
      header?: HeadersInit,
      input?: never,
      contextValues?: ContextValues,
    ) => start({ method, signal, timeoutMs, header, message: create(method.input, input), contextValues }),
    stream: (
      method: DescMethod,
      signal?: AbortSignal,
      timeoutMs?: number,
      header?: HeadersInit,
      input?: AsyncIterable<never>,
      contextValues?: ContextValues,
    ) => {
      const message = mapIterable(input ?? NOTHING, (item) => create(method.input, item));
      const response = start({ method, signal, timeoutMs, header, message, contextValues });
      response.catch(ignore); // A stream that nobody reads must not bring the process down when it fails.
      return response;
    },
  };
  return transport as unknown as Transport;
}

const NOTHING: AsyncIterable<never> = {
  [Symbol.asyncIterator]: () => ({ next: async () => ({ done: true, value: undefined }) }),
};

function ignore(): void {}
