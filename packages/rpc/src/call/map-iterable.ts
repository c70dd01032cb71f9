/**
 * Maps the items of an iterable without buffering, and passes an early end on to the source: an async generator
 * would first wait for the item it is stuck on.
 */
export function mapIterable<A, B>(source: AsyncIterable<A>, map: (item: A) => B): AsyncIterable<B> {
  return {
    [Symbol.asyncIterator]() {
      const iterator = source[Symbol.asyncIterator]();
      const mapped = (result: IteratorResult<A>): IteratorResult<B> =>
        result.done === true ? result : { done: false, value: map(result.value) };
      return {
        next: () => iterator.next().then(mapped),
        return: async () => {
          await iterator.return?.();
          return { done: true, value: undefined };
        },
      };
    },
  };
}
