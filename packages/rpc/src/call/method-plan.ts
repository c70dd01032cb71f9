import { create, type DescMethod, type DescService } from "@bufbuild/protobuf";
import {
  Code,
  type HandlerContext,
  type StreamRequest,
  type StreamResponse,
  type UnaryRequest,
  type UnaryResponse,
} from "@connectrpc/connect";
import { type InterceptorsFor, interceptorsOf, pathOf, type ServiceBinding } from "../binding.ts";
import { rpcError } from "../errors/to-connect-error.ts";
import { CallValues } from "./call-values.ts";
import { mapIterable } from "./map-iterable.ts";
import { ServerCall } from "./server-call.ts";

/** What an interceptor wraps. */
export type CallFunction = (request: UnaryRequest | StreamRequest) => Promise<UnaryResponse | StreamResponse>;

/** A method with its handler and the interceptors before it, put together once and not per call. */
export interface MethodPlan {
  readonly method: DescMethod;
  readonly path: string;
  readonly run: CallFunction;
}

type Handler = (request: unknown, context: HandlerContext) => unknown;

/** The plans of all methods of some services, by path. */
export function planMethods(
  bindings: readonly ServiceBinding[],
  interceptors: InterceptorsFor | undefined,
): Map<string, MethodPlan> {
  const plans = new Map<string, MethodPlan>();
  for (const binding of bindings) {
    const chain = interceptorsOf(binding.service, interceptors);
    for (const method of binding.service.methods) {
      plans.set(pathOf(method), planMethod(method, binding, chain));
    }
  }
  return plans;
}

/** Puts one method together. */
export function planMethod(
  method: DescMethod,
  binding: ServiceBinding,
  chain: readonly ((next: CallFunction) => CallFunction)[],
): MethodPlan {
  const handler = binding.implementation[method.localName];
  if (typeof handler !== "function") throw new TypeError(`${method.parent.typeName}.${method.name} has no handler`);
  const invoke = invoker(method, handler.bind(binding.implementation) as Handler);
  return { method, path: pathOf(method), run: chainOf(invoke, chain) };
}

/** Wraps a call in interceptors; the first of the list is the outermost. */
export function chainOf(
  innermost: CallFunction,
  chain: readonly ((next: CallFunction) => CallFunction)[],
): CallFunction {
  return chain.reduceRight((next, interceptor) => interceptor(next), innermost);
}

function invoker(method: DescMethod, handler: Handler): CallFunction {
  switch (method.methodKind) {
    case "unary":
      return async (request) => {
        const context = contextOf(request);
        const answer = await handler(payloadOf(request, context), context);
        return respond(request, context, create(method.output, answer as never));
      };
    case "client_streaming":
      return async (request) => {
        const context = contextOf(request);
        const answer = await handler(payloadOf(request, context), context);
        return respond(request, context, once(create(method.output, answer as never)));
      };
    case "server_streaming":
      return async (request) => {
        const context = contextOf(request);
        const only = await single(payloadOf(request, context) as AsyncIterable<unknown>, method);
        return respond(request, context, normalized(method, handler(only, context)));
      };
    case "bidi_streaming":
      return async (request) => {
        const context = contextOf(request);
        return respond(request, context, normalized(method, handler(payloadOf(request, context), context)));
      };
  }
}

/** A request that could not be read: thrown where the handler would run, so that every interceptor sees it. */
export class UnreadableRequest {
  readonly error: unknown;

  constructor(error: unknown) {
    this.error = error;
  }
}

function payloadOf(request: UnaryRequest | StreamRequest, context: HandlerContext): unknown {
  const { message } = request;
  if (message instanceof UnreadableRequest) throw message.error;
  // Time may be up before the work has begun: then do not begin.
  if (context instanceof ServerCall) context.throwIfAborted();
  return message;
}

// An interceptor may pass on a copy of the request. Its changes then win over the call they were copied from.
function contextOf(request: UnaryRequest | StreamRequest): HandlerContext {
  if (request instanceof ServerCall) return request;
  const { service, method, url, requestMethod, header, contextValues } = request;
  const call = contextValues instanceof CallValues ? contextValues.call : undefined;
  if (call === undefined) throw new TypeError("an interceptor replaced the context values of a call");
  const { protocolName, responseHeader, responseTrailer } = call;
  const signal = request.signal ?? call.signal; // A spread copies no getters.
  const copied = { service, method, url, requestMethod, requestHeader: header, values: contextValues, signal };
  return { ...copied, protocolName, responseHeader, responseTrailer, timeoutMs: () => call.timeoutMs() };
}

function respond(
  request: UnaryRequest | StreamRequest,
  context: HandlerContext,
  message: unknown,
): UnaryResponse | StreamResponse {
  return {
    stream: request.stream,
    service: request.service,
    method: request.method,
    header: context.responseHeader,
    trailer: context.responseTrailer,
    message,
  } as UnaryResponse | StreamResponse;
}

function normalized(method: DescMethod, messages: unknown): AsyncIterable<unknown> {
  return mapIterable(messages as AsyncIterable<never>, (message) => create(method.output, message));
}

async function* once<T>(message: T): AsyncGenerator<T, void, undefined> {
  yield message;
}

async function single(messages: AsyncIterable<unknown>, method: DescMethod): Promise<unknown> {
  const iterator = messages[Symbol.asyncIterator]();
  const first = await iterator.next();
  if (first.done === true) throw miscounted(method, "received no request message");
  const second = await iterator.next();
  if (second.done !== true) throw miscounted(method, "received more than one request message");
  return first.value;
}

function miscounted(method: DescMethod, what: string) {
  return rpcError(Code.Unimplemented, "PROTOCOL_ERROR", `${method.parent.typeName}.${method.name}: ${what}`);
}

/** The error of a call to something that is not served here. */
export function unimplemented(service: DescService, method: DescMethod) {
  return rpcError(Code.Unimplemented, "UNIMPLEMENTED", `${service.typeName}.${method.name} is not served here`);
}
