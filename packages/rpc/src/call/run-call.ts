import type { StreamResponse, UnaryResponse } from "@connectrpc/connect";
import type { MethodPlan } from "./method-plan.ts";
import type { ServerCall } from "./server-call.ts";

/**
 * Runs a unary call. Its caller is answered when the handler is done, when the call is cancelled or when its time is
 * up, whichever comes first: a handler that ignores its signal delays nobody.
 */
export function runUnary(plan: MethodPlan, call: ServerCall): Promise<UnaryResponse> {
  return new Promise((resolve, reject) => {
    call.throwIfAborted();
    call.onAbort = reject;
    plan.run(call.asRequest()).then(
      (response) => {
        call.ended(undefined);
        call.finish();
        resolve(response as UnaryResponse);
      },
      (error) => {
        call.ended(error);
        call.finish();
        reject(error);
      },
    );
  });
}

/**
 * Runs a streaming call so that its caller never waits longer than the call lives: when the call is aborted, every
 * pending and later read fails at once and the handler's generator is closed, even where it ignores its signal.
 * The handler is started right away, and then runs one message ahead at most.
 */
export async function runStream(plan: MethodPlan, call: ServerCall): Promise<StreamResponse> {
  const guard = new StreamGuard(call);
  const response = (await guard.race(() => plan.run(call.asRequest()))) as StreamResponse;
  const iterator = response.message[Symbol.asyncIterator]();
  guard.attach(iterator);
  // Started now, not at the first read: a subscription must exist before its subscriber acts on it.
  const first = guard.race(() => iterator.next());
  first.catch(() => {});
  return { ...response, message: guard.iterable(iterator, first) } as StreamResponse;
}

class StreamGuard {
  readonly #call: ServerCall;
  #iterator: AsyncIterator<unknown> | undefined;
  #failPending: ((error: unknown) => void) | undefined;
  #ended = false;

  constructor(call: ServerCall) {
    this.#call = call;
    call.onAbort = (error) => {
      this.#failPending?.(error);
      this.#end();
    };
  }

  attach(iterator: AsyncIterator<unknown>): void {
    this.#iterator = iterator;
    if (this.#ended) closeQuietly(iterator);
  }

  /** Waits for the work or for the end of the call, whichever comes first. */
  race<T>(work: () => Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.#call.throwIfAborted();
      this.#failPending = reject;
      work().then(resolve, (error) => {
        this.#end();
        reject(error);
      });
    });
  }

  iterable(iterator: AsyncIterator<unknown>, first: Promise<IteratorResult<unknown>>): AsyncIterable<unknown> {
    let ahead: Promise<IteratorResult<unknown>> | undefined = first;
    const seen = (result: IteratorResult<unknown>): IteratorResult<unknown> => {
      if (result.done === true) this.#end();
      return result;
    };
    const next = () => {
      const pending = ahead ?? (this.#ended ? this.#afterEnd() : this.race(() => iterator.next()));
      ahead = undefined;
      return pending.then(seen);
    };
    const leave = async () => {
      this.#end();
      return { done: true as const, value: undefined };
    };
    return { [Symbol.asyncIterator]: () => ({ next, return: leave }) };
  }

  #afterEnd(): Promise<IteratorResult<unknown>> {
    const { failure } = this.#call;
    return failure === undefined ? Promise.resolve({ done: true, value: undefined }) : Promise.reject(failure);
  }

  #end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#call.finish();
    if (this.#iterator !== undefined) closeQuietly(this.#iterator);
  }
}

/** Closes a producer without waiting: its clean-up may fail or take long, and nobody is interested any more. */
export function closeQuietly(iterator: AsyncIterator<unknown>): void {
  iterator.return?.().then(undefined, () => {});
}
