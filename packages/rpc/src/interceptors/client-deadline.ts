import type { Interceptor } from "@connectrpc/connect";
import { deadlineKey } from "../call/call-values.ts";
import { deadlineError } from "../errors/abort-error.ts";

/** Milliseconds for calls that come without a deadline of their own, per kind. */
export interface DefaultTimeouts {
  readonly unary?: number | undefined;
  readonly stream?: number | undefined;
}

/** Gives calls without a deadline one, and makes no call whose time is up already. */
export function clientDeadline(defaults: DefaultTimeouts = {}): Interceptor {
  return (next) => (request) => {
    const deadline = request.contextValues.get(deadlineKey);
    if (deadline === undefined) {
      const timeout = request.stream ? defaults.stream : defaults.unary;
      if (timeout !== undefined) request.contextValues.set(deadlineKey, Date.now() + timeout);
    } else if (deadline <= Date.now()) throw deadlineError();
    return next(request);
  };
}
