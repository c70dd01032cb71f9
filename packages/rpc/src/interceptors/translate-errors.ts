import type { StreamRequest, StreamResponse, UnaryRequest, UnaryResponse } from "@connectrpc/connect";

/** The same response, with the errors of its messages translated. `translate` throws. */
export function translateMessages(response: StreamResponse, translate: (thrown: unknown) => never): StreamResponse {
  const source: AsyncIterable<unknown> = response.message;
  const message = {
    [Symbol.asyncIterator]() {
      const iterator = source[Symbol.asyncIterator]();
      return {
        next: () => iterator.next().then(undefined, translate),
        return: async () => {
          await iterator.return?.();
          return { done: true as const, value: undefined };
        },
      };
    },
  };
  return { ...response, message } as StreamResponse;
}

type Request = UnaryRequest | StreamRequest;
type Response = UnaryResponse | StreamResponse;

/** Runs the rest of the chain; interceptors that throw before they return a promise become a failed promise. */
export function attempt(next: (request: Request) => Promise<Response>, request: Request): Promise<Response> {
  try {
    return next(request);
  } catch (thrown) {
    return Promise.reject(thrown);
  }
}
