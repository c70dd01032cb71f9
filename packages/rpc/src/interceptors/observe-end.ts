import type { StreamRequest, StreamResponse, UnaryRequest, UnaryResponse } from "@connectrpc/connect";
import { ClientCall, isCancellable, signalOf } from "../call/client-request.ts";
import { type EndListener, ServerCall } from "../call/server-call.ts";
import { abortError, cancelError } from "../errors/abort-error.ts";

type Request = UnaryRequest | StreamRequest;
type Response = UnaryResponse | StreamResponse;

/**
 * Runs the rest of the chain and tells when the call has ended: with its answer, with its last message, with a
 * failure, or because its consumer left. All listeners of one stream share one wrapper around its messages.
 */
export function observeEnd(
  request: Request,
  next: (request: Request) => Promise<Response>,
  onEnd: EndListener,
): Promise<Response> {
  if (!request.stream && isOurs(request)) {
    request.observe(onEnd);
    return next(request as unknown as Request);
  }
  let answer: Promise<Response>;
  try {
    answer = next(request);
  } catch (error) {
    onEnd(error);
    throw error;
  }
  return answer.then(
    (response) => {
      if (response.stream) return observeMessages(request, response, onEnd);
      onEnd(outcome(request, undefined));
      return response;
    },
    (error) => {
      onEnd(outcome(request, error));
      throw error;
    },
  );
}

// Our own requests know their listeners; a copy that an interceptor made does not.
function isOurs(request: unknown): request is ServerCall | ClientCall {
  return request instanceof ServerCall || request instanceof ClientCall;
}

// What the caller was told wins over what the handler did later.
function outcome(request: Request, failure: unknown): unknown {
  return request instanceof ServerCall ? (request.failure ?? failure) : failure;
}

function observeMessages(request: Request, response: StreamResponse, onEnd: EndListener): StreamResponse {
  const known: unknown = response.message;
  if (known instanceof ObservedMessages) {
    known.listeners.push(onEnd);
    return response;
  }
  return { ...response, message: new ObservedMessages(response.message, request, onEnd) } as StreamResponse;
}

class ObservedMessages implements AsyncIterable<unknown> {
  readonly listeners: EndListener[];
  readonly #source: AsyncIterable<unknown>;
  readonly #request: Request;

  constructor(source: AsyncIterable<unknown>, request: Request, onEnd: EndListener) {
    this.#source = source;
    this.#request = request;
    this.listeners = [onEnd];
    // Connect's clients never tell when a consumer leaves a stream; its signal, which withStream aborts, does.
    if (!(request instanceof ServerCall) && isCancellable(signalOf(request)))
      signalOf(request).addEventListener("abort", this.#onAbort);
  }

  [Symbol.asyncIterator](): AsyncIterator<unknown> {
    const iterator = this.#source[Symbol.asyncIterator]();
    return {
      next: () => iterator.next().then(this.#onResult, this.#onError),
      return: async () => {
        this.#end(cancelError);
        await iterator.return?.();
        return { done: true, value: undefined };
      },
    };
  }

  readonly #onResult = (result: IteratorResult<unknown>): IteratorResult<unknown> => {
    if (result.done === true) this.#end(noFailure);
    return result;
  };

  readonly #onError = (error: unknown): never => {
    this.#end(() => error);
    throw error;
  };

  readonly #onAbort = (): void => this.#end(() => abortError(signalOf(this.#request).reason));

  #end(failure: () => unknown): void {
    if (this.listeners.length === 0) return;
    if (!(this.#request instanceof ServerCall)) signalOf(this.#request).removeEventListener("abort", this.#onAbort);
    const ended = outcome(this.#request, failure());
    for (const onEnd of this.listeners.splice(0)) onEnd(ended);
  }
}

function noFailure(): undefined {
  return undefined;
}
