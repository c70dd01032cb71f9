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
  call.onEnd = listen(signal, abort);
}

type Listeners = Set<(reason: unknown) => void>;

const listenersOf = new WeakMap<AbortSignal, Listeners>();

// One real listener per signal: a run has hundreds of calls under one signal, and EventTarget searches its list for
// each that comes or goes.
function listen(signal: AbortSignal, abort: (reason: unknown) => void): () => void {
  let listeners = listenersOf.get(signal);
  if (listeners === undefined) {
    const added: Listeners = new Set();
    signal.addEventListener("abort", () => tell(added, signal.reason), { once: true });
    listenersOf.set(signal, added);
    listeners = added;
  }
  const all = listeners;
  // A function of its own: the same one may be passed in twice.
  const own = (reason: unknown) => abort(reason);
  all.add(own);
  return () => all.delete(own);
}

function tell(listeners: Listeners, reason: unknown): void {
  for (const listener of listeners) listener(reason);
}
