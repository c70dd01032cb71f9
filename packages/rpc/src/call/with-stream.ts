import { type CallOptions, Code, ConnectError } from "@connectrpc/connect";
import type { CallScope } from "../scope.ts";
import { callOptionsOf } from "./scope-of.ts";

/**
 * The only way to consume a stream of another service. Leaving a `for await` cancels nothing in Connect; this ends
 * the call whenever `consume` ends, by a return, a throw or a break, and also when the scope is cancelled.
 *
 * ```ts
 * const answer = await withStream(scope, async (options) => {
 *   for await (const event of router.streamGenerate(request, options)) if (event.done) return event;
 * });
 * ```
 */
export function withStream<T>(scope: CallScope, consume: (options: CallOptions) => Promise<T>): Promise<T>;
export function withStream<T>(
  scope: CallScope,
  overrides: CallOptions,
  consume: (options: CallOptions) => Promise<T>,
): Promise<T>;
export async function withStream<T>(scope: CallScope, ...rest: StreamArguments<T>): Promise<T> {
  const [overrides, consume] = rest.length === 1 ? [undefined, rest[0]] : rest;
  const lifetime = openLifetime(scope, overrides?.signal);
  try {
    return await consume(callOptionsOf(scope, { ...overrides, signal: lifetime.signal }));
  } finally {
    lifetime.end();
  }
}

type StreamArguments<T> =
  | [consume: (options: CallOptions) => Promise<T>]
  | [overrides: CallOptions, consume: (options: CallOptions) => Promise<T>];

/**
 * The same for generators, which cannot yield from inside a callback: passes the stream's messages on and ends the
 * call when the consumer of this generator leaves.
 *
 * ```ts
 * async *watchRun(request, context) {
 *   yield* relayStream(scopeOf(context), (options) => orchestrator.watchRun(request, options));
 * }
 * ```
 */
export async function* relayStream<T>(
  scope: CallScope,
  open: (options: CallOptions) => AsyncIterable<T>,
  overrides?: CallOptions,
): AsyncGenerator<T, void, undefined> {
  const lifetime = openLifetime(scope, overrides?.signal);
  try {
    yield* open(callOptionsOf(scope, { ...overrides, signal: lifetime.signal }));
  } finally {
    lifetime.end();
  }
}

// One for all: an error per stream would capture a stack each time.
const LEFT = new ConnectError("the consumer left the stream", Code.Canceled);

interface Lifetime {
  readonly signal: AbortSignal;
  end(): void;
}

// Linked by hand: AbortSignal.any keeps its sources reachable for longer than a stream lives.
function openLifetime(scope: CallScope, extra: AbortSignal | undefined): Lifetime {
  const controller = new AbortController();
  const parents = extra === undefined || extra === scope.signal ? [scope.signal] : [scope.signal, extra];
  const onAbort = (event: Event) => controller.abort((event.target as AbortSignal).reason);
  for (const parent of parents) {
    if (parent.aborted) controller.abort(parent.reason);
    else parent.addEventListener("abort", onAbort);
  }
  return {
    signal: controller.signal,
    end: () => {
      for (const parent of parents) parent.removeEventListener("abort", onAbort);
      controller.abort(LEFT);
    },
  };
}
