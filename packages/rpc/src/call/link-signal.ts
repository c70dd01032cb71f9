import type { ServerCall } from "./server-call.ts";

/** Passes the abort of a caller's signal on to the call, until the call has ended. */
export function linkSignal(call: ServerCall, signal: AbortSignal): void {
  if (signal.aborted) {
    call.abort(signal.reason);
    return;
  }
  const onAbort = () => call.abort(signal.reason);
  signal.addEventListener("abort", onAbort);
  call.onEnd = () => signal.removeEventListener("abort", onAbort);
}
