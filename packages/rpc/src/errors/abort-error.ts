import { Code, ConnectError } from "@connectrpc/connect";
import { rpcError } from "./to-connect-error.ts";

/** The error of a call whose time is up. */
export function deadlineError(): ConnectError {
  return rpcError(Code.DeadlineExceeded, "DEADLINE_EXCEEDED", "the deadline of the call has passed");
}

/** The error of a call that its caller gave up. */
export function cancelError(cause?: unknown): ConnectError {
  return rpcError(Code.Canceled, "CANCELLED", "the call was cancelled", cause === undefined ? {} : { cause });
}

/**
 * Why a signal was aborted, as the error of the call: DEADLINE_EXCEEDED when that was the reason anywhere up the
 * chain of calls, CANCELLED for everything else.
 */
export function abortError(reason: unknown): ConnectError {
  if (reason instanceof ConnectError)
    return reason.code === Code.DeadlineExceeded || reason.code === Code.Canceled ? reason : cancelError(reason);
  if (reason instanceof Error && reason.name === "TimeoutError") return deadlineError();
  return cancelError(reason);
}
