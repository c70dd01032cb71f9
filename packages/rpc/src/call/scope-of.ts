import type { Span } from "@agentmesh/telemetry";
import type { CallOptions, HandlerContext } from "@connectrpc/connect";
import type { CallScope, PrincipalCredential } from "../scope.ts";
import { GroupScope } from "./call-group.ts";
import type { CallOwner } from "./call-owner.ts";
import { CallValues, deadlineKey, principalKey, spanKey } from "./call-values.ts";
import { ServerCall } from "./server-call.ts";

/** The signal is asked for only when the domain needs it: making one costs as much as a small call. */
class HandlerScope implements CallScope {
  readonly #context: HandlerContext;
  readonly deadline: number | undefined;
  readonly credential: PrincipalCredential | undefined;
  readonly span: Span | undefined;

  constructor(context: HandlerContext) {
    this.#context = context;
    this.deadline = deadlineOf(context);
    this.credential = context.values.get(principalKey);
    this.span = context.values.get(spanKey);
  }

  get signal(): AbortSignal {
    return this.#context.signal;
  }

  /** The call itself, where it is one of ours: calls made within it are tied to it without a signal. */
  get call(): ServerCall | undefined {
    return this.#context instanceof ServerCall ? this.#context : undefined;
  }
}

function deadlineOf(context: HandlerContext): number | undefined {
  const deadline = context.values.get(deadlineKey);
  if (deadline !== undefined) return deadline;
  const left = context.timeoutMs();
  return left === undefined ? undefined : Date.now() + left;
}

/** What a handler passes on to its domain: cancellation, deadline, principal and span of the call it answers. */
export function scopeOf(context: HandlerContext): CallScope {
  return new HandlerScope(context);
}

/**
 * The options of a call made within a scope: its signal, what is left of its deadline, its principal and its span.
 * @param overrides a smaller `timeoutMs`, a `signal` derived from the scope's, extra `headers`, ...
 */
export function callOptionsOf(scope: CallScope, overrides?: CallOptions): CallOptions {
  const contextValues = new CallValues(overrides?.contextValues, scope.credential, scope.span);
  const options: CallOptions = { ...overrides, contextValues };
  if (options.signal === undefined) {
    contextValues.caller = ownerOf(scope);
    if (contextValues.caller === undefined) options.signal = scope.signal;
  }
  const timeoutMs = remaining(scope.deadline, overrides?.timeoutMs);
  if (timeoutMs !== undefined) options.timeoutMs = timeoutMs;
  return options;
}

function ownerOf(scope: CallScope): CallOwner | undefined {
  if (scope instanceof HandlerScope) return scope.call;
  return scope instanceof GroupScope ? scope.group : undefined;
}

// A deadline that has passed becomes 1 ms, because Connect reads 0 and less as "no deadline".
function remaining(deadline: number | undefined, wanted: number | undefined): number | undefined {
  if (deadline === undefined) return wanted;
  const left = Math.max(1, deadline - Date.now());
  return wanted === undefined || wanted <= 0 ? left : Math.min(left, wanted);
}
