import type { DescMethod, DescService } from "@bufbuild/protobuf";
import {
  Code,
  type ConnectError,
  type HandlerContext,
  type StreamRequest,
  type UnaryRequest,
} from "@connectrpc/connect";
import { abortError, cancelError, deadlineError } from "../errors/abort-error.ts";
import type { CallOwner, OwnedCall } from "./call-owner.ts";
import { type CallValues, deadlineKey } from "./call-values.ts";
import { MetadataHeaders } from "./metadata-headers.ts";

/** What a transport knows about a call when it arrives. */
export interface ServerCallInit {
  readonly method: DescMethod;
  readonly path: string;
  readonly protocolName: string;
  readonly header: Headers;
  readonly values: CallValues;
  /** Milliseconds since the epoch. */
  readonly deadline: number | undefined;
  /** What this call is made for, in this process: it ends with it. */
  readonly caller?: CallOwner | undefined;
  /** The request, or the requests of a client that streams. */
  readonly message: unknown;
}

/** Told once, when a call has ended: with what it failed, or undefined. */
export type EndListener = (failure: unknown) => void;

// Node turns longer timers into 1 ms; nothing here waits for 24 days.
const LONGEST_TIMER = 2 ** 31 - 1;

// A caller whose own clock runs out first just goes away, and going away has no reason. This close to the deadline
// that was it.
const DEADLINE_TOLERANCE_MS = 100;

// A function of its own, so that a call needs no closure for its timer.
function expire(call: ServerCall): void {
  call.watchDeadline();
}

// Node keeps one list of timers per duration, so durations are few: a longer one is cut to a power of two and set
// again. Most calls have ended long before.
const EXACT_BELOW_MS = 1_024;

function durationOf(left: number): number {
  return left < EXACT_BELOW_MS ? Math.ceil(left) : 2 ** (31 - Math.clz32(left));
}

// A finished call aborts its signal so that work started on its behalf ends with it. One error for all: making an
// error captures a stack, and nobody is told about this one.
const FINISHED: ConnectError = cancelError();

/**
 * One call on the server: the request that interceptors see and the context that the handler sees, in one object.
 * Its signal comes into being when somebody asks for it, because most small handlers never do.
 */
export class ServerCall implements HandlerContext, CallOwner {
  readonly stream: boolean;
  readonly service: DescService;
  readonly method: DescMethod;
  readonly requestMethod = "POST";
  readonly url: string;
  readonly protocolName: string;
  readonly header: Headers;
  readonly contextValues: CallValues;
  readonly responseHeader = new MetadataHeaders();
  readonly responseTrailer = new MetadataHeaders();
  message: unknown;
  /** Called once when the call is cancelled or its time is up: the transport then answers without the handler. */
  onAbort: ((error: ConnectError) => void) | undefined;
  /** Called once when the call has ended, however it did. */
  onEnd: (() => void) | undefined;
  #controller: AbortController | undefined;
  #reason: ConnectError | undefined;
  #timer: NodeJS.Timeout | undefined;
  readonly #caller: CallOwner | undefined;
  /** Calls made during this one that have not ended. */
  #calls: Set<OwnedCall> | undefined;
  #listeners: EndListener[] | undefined;

  constructor(init: ServerCallInit) {
    this.stream = init.method.methodKind !== "unary";
    this.service = init.method.parent;
    this.method = init.method;
    this.url = init.path;
    this.protocolName = init.protocolName;
    this.header = init.header;
    this.contextValues = init.values;
    this.message = init.message;
    init.values.call = this;
    this.#caller = init.caller;
    if (init.deadline !== undefined) this.#begin(init.deadline);
    this.#caller?.adopt(this);
  }

  // A caller whose own time is up no later ends this call, too: one timer is enough for both.
  #begin(deadline: number): void {
    this.contextValues.set(deadlineKey, deadline);
    const callers = this.#caller?.deadline;
    if (callers === undefined || callers > deadline) this.watchDeadline();
  }

  /** Ends `call` when this one ends. */
  adopt(call: OwnedCall): void {
    if (this.#reason !== undefined) {
      call.abort(this.#reason);
      return;
    }
    this.#calls ??= new Set();
    this.#calls.add(call);
  }

  /** For unary calls: tells once what the call came to, instead of a promise per listener. */
  observe(listener: EndListener): void {
    this.#listeners ??= [];
    this.#listeners.push(listener);
  }

  /** Tells the listeners, innermost first. What the caller was told wins over what the handler did later. */
  ended(failure: unknown): void {
    const listeners = this.#listeners;
    if (listeners === undefined) return;
    this.#listeners = undefined;
    const outcome = this.failure ?? failure;
    for (let i = listeners.length - 1; i >= 0; i--) listeners[i]?.(outcome);
  }

  get requestHeader(): Headers {
    return this.header;
  }

  get values(): CallValues {
    return this.contextValues;
  }

  /** Aborted with DEADLINE_EXCEEDED, with CANCELLED, or when the call has ended. The reason is a ConnectError. */
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#reason !== undefined) this.#controller.abort(this.#reason);
    }
    return this.#controller.signal;
  }

  timeoutMs(): number | undefined {
    const deadline = this.contextValues.get(deadlineKey);
    return deadline === undefined ? undefined : deadline - Date.now();
  }

  /** When the call must be over, in milliseconds since the epoch. */
  get deadline(): number | undefined {
    return this.contextValues.get(deadlineKey);
  }

  /** Sets when the call must be over, in milliseconds since the epoch, in place of what its caller asked for. */
  limit(deadline: number): void {
    this.contextValues.set(deadlineKey, deadline);
    clearTimeout(this.#timer);
    this.watchDeadline();
  }

  /** Ends the call when its time is up, or sets a timer for it. */
  watchDeadline(): void {
    const left = this.timeoutMs() ?? Number.POSITIVE_INFINITY;
    if (left <= 0) this.abort(deadlineError());
    else if (left <= LONGEST_TIMER) this.#timer = setTimeout(expire, durationOf(left), this);
  }

  /** Ends the call early, because it was cancelled or its time is up. */
  abort(reason: unknown): void {
    if (this.#reason !== undefined) return;
    const error = abortError(reason);
    this.terminate(error.code === Code.Canceled && this.#timeIsNearlyUp() ? deadlineError() : error);
  }

  #timeIsNearlyUp(): boolean {
    const left = this.timeoutMs();
    return left !== undefined && left <= DEADLINE_TOLERANCE_MS;
  }

  /** What the caller was told instead of the handler's answer; undefined while the handler may still answer. */
  get failure(): ConnectError | undefined {
    return this.#reason === FINISHED ? undefined : this.#reason;
  }

  /** Ends the call with an error of the server's own, whatever its handler does. */
  terminate(error: ConnectError): void {
    if (this.#reason !== undefined) return;
    this.#end(error);
    this.onAbort?.(error);
  }

  /** @throws ConnectError when the call was cancelled or its time is up */
  throwIfAborted(): void {
    if (this.#reason !== undefined) throw this.#reason;
  }

  /** Ends the call after its answer. Later aborts do nothing. */
  finish(): void {
    if (this.#reason === undefined) this.#end(FINISHED);
  }

  /** As an interceptor sees it. */
  asRequest(): UnaryRequest & StreamRequest {
    return this as unknown as UnaryRequest & StreamRequest;
  }

  #end(reason: ConnectError): void {
    this.#reason = reason;
    clearTimeout(this.#timer);
    this.#caller?.forget(this);
    this.#controller?.abort(reason);
    if (this.#calls !== undefined) for (const call of this.#calls) call.abort(reason);
    this.onEnd?.();
  }

  /** A call made during this one has ended. */
  forget(call: OwnedCall): void {
    this.#calls?.delete(call);
  }
}
