import type { ServerCall } from "./server-call.ts";

/**
 * Passes the abort of a caller's signal on to the call, until the call has ended.
 * @param abort what to do then; by default the call is cancelled with the signal's reason
 */
export function linkSignal(
  call: ServerCall,
  signal: AbortSignal,
  abort = (reason: unknown) => call.abort(reason),
): void {
  if (signal.aborted) {
    abort(signal.reason);
    return;
  }
  const onAbort = () => abort(signal.reason);
  signal.addEventListener("abort", onAbort);
  call.onEnd = () => signal.removeEventListener("abort", onAbort);
}
