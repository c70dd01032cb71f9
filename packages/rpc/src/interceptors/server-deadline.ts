import type { Interceptor } from "@connectrpc/connect";
import { deadlineKey } from "../call/call-values.ts";
import { ServerCall } from "../call/server-call.ts";

/** Deadlines in milliseconds, per kind of call. */
export interface DeadlinePolicy {
  /** Given to calls that come without a deadline. Absent: they have none. */
  readonly default?: { readonly unary: number; readonly stream: number };
  /** The longest deadline that a caller may ask for; longer ones are cut. */
  readonly max?: { readonly unary: number; readonly stream: number };
}

/** Gives every call a deadline within the policy, and starts no work for a call whose time is up. */
export function serverDeadline(policy: DeadlinePolicy = {}): Interceptor {
  return (next) => (request) => {
    if (!(request instanceof ServerCall)) return next(request);
    const kind = request.stream ? "stream" : "unary";
    const asked = request.contextValues.get(deadlineKey);
    const granted = grant(asked, policy.default?.[kind], policy.max?.[kind]);
    if (granted !== undefined && granted !== asked) request.limit(granted);
    request.throwIfAborted();
    return next(request);
  };
}

function grant(asked: number | undefined, byDefault: number | undefined, max: number | undefined): number | undefined {
  if (asked === undefined && byDefault === undefined && max === undefined) return undefined;
  const now = Date.now();
  const wanted = asked ?? (byDefault === undefined ? Number.POSITIVE_INFINITY : now + byDefault);
  return max === undefined ? wanted : Math.min(wanted, now + max);
}
