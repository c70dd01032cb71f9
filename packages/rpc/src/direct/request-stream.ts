import { closeQuietly } from "../call/run-call.ts";
import type { ServerCall } from "../call/server-call.ts";
import { cancelError } from "../errors/abort-error.ts";
import { toConnectError } from "../errors/to-connect-error.ts";

/** The caller's messages, and a way to tell their producer that no more are wanted. */
export interface RequestStream {
  readonly messages: AsyncIterable<unknown>;
  release(): void;
}

/**
 * The requests of an in-process call. When the call ends, a read that the handler still waits in fails, and the
 * producer is closed unless it has finished.
 */
export function requestStream(source: AsyncIterable<unknown>, call: () => ServerCall): RequestStream {
  let iterator: AsyncIterator<unknown> | undefined;
  let exhausted = false;
  let failPending: ((error: unknown) => void) | undefined;
  const open = () => {
    iterator ??= source[Symbol.asyncIterator]();
    return iterator;
  };
  const next = () =>
    new Promise<IteratorResult<unknown>>((resolve, reject) => {
      call().throwIfAborted();
      failPending = reject;
      const received = (result: IteratorResult<unknown>) => {
        exhausted = result.done === true;
        resolve(result);
      };
      // As on the wire: the caller gets its producer's error, the handler a cancelled call.
      const failed = (error: unknown) => {
        exhausted = true;
        call().terminate(toConnectError(error));
        reject(cancelError(error));
      };
      open().next().then(received, failed);
    });
  return {
    messages: { [Symbol.asyncIterator]: () => ({ next }) },
    release: () => {
      failPending?.(cancelError());
      if (!exhausted) closeQuietly(open());
    },
  };
}
