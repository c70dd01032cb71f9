import { create, type DescMethod, type DescService } from "@bufbuild/protobuf";
import type {
  ContextValues,
  StreamRequest,
  StreamResponse,
  Transport,
  UnaryRequest,
  UnaryResponse,
} from "@connectrpc/connect";
import { pathOf } from "../binding.ts";
import type { CallOwner } from "./call-owner.ts";
import { CallValues, deadlineKey } from "./call-values.ts";
import { mapIterable } from "./map-iterable.ts";
import { MetadataHeaders } from "./metadata-headers.ts";
import type { CallFunction } from "./method-plan.ts";
import type { EndListener } from "./server-call.ts";

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

/** The signal of a request: also of a copy, which has no getters. */
export function signalOf({ signal, contextValues }: UnaryRequest | StreamRequest): AbortSignal {
  if (signal !== undefined || !(contextValues instanceof CallValues)) return signal ?? NEVER;
  return contextValues.signal ?? contextValues.caller?.signal ?? NEVER;
}

/** The call of this process during which a request is made, unless it goes out with a signal of its own. */
export function callerOf(values: ContextValues): CallOwner | undefined {
  return values instanceof CallValues ? values.caller : undefined;
}

/** The request as client interceptors see it. Its deadline stands in the context values. */
export class ClientCall {
  readonly stream: boolean;
  readonly service: DescService;
  readonly method: DescMethod;
  readonly requestMethod = "POST";
  readonly url: string;
  readonly header: Headers;
  readonly contextValues: CallValues;
  readonly message: unknown;
  #listeners: EndListener[] | undefined;

  constructor({ method, signal, timeoutMs, header, message, contextValues }: OutgoingCall) {
    this.stream = method.methodKind !== "unary";
    this.service = method.parent;
    this.method = method;
    this.url = pathOf(method);
    this.header = new MetadataHeaders(header);
    this.contextValues = new CallValues(contextValues);
    this.message = message;
    this.contextValues.signal = signal;
    if (signal !== undefined) this.contextValues.caller = undefined;
    if (timeoutMs !== undefined && timeoutMs > 0) this.contextValues.set(deadlineKey, Date.now() + timeoutMs);
  }

  /** Made only when somebody asks: within a process calls end with the call they belong to. */
  get signal(): AbortSignal {
    return this.contextValues.signal ?? this.contextValues.caller?.signal ?? NEVER;
  }

  /** For unary calls: tells once what the call came to, instead of a promise per listener. */
  observe(listener: EndListener): void {
    this.#listeners ??= [];
    this.#listeners.push(listener);
  }

  /** Tells the listeners, innermost first. */
  ended(failure: unknown): void {
    const listeners = this.#listeners;
    if (listeners === undefined) return;
    this.#listeners = undefined;
    for (let i = listeners.length - 1; i >= 0; i--) listeners[i]?.(failure);
  }

  /** As an interceptor sees it. */
  asRequest(): UnaryRequest & StreamRequest {
    return this as unknown as UnaryRequest & StreamRequest;
  }
}

/** Makes a Connect transport of a function that finds the chain for a call. */
export function connectTransport(chainFor: (call: OutgoingCall) => CallFunction): Transport {
  const start = (outgoing: OutgoingCall): Promise<UnaryResponse | StreamResponse> => {
    const call = new ClientCall(outgoing);
    let answer: Promise<UnaryResponse | StreamResponse>;
    try {
      answer = chainFor(outgoing)(call.asRequest());
    } catch (error) {
      answer = Promise.reject(error);
    }
    if (call.stream) return answer;
    return answer.then(
      (response) => {
        call.ended(undefined);
        return response;
      },
      (error) => {
        call.ended(error);
        throw error;
      },
    );
  };
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
