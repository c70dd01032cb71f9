import { callOptionsOf } from "@agentmesh/rpc";
import type { CallScope } from "@agentmesh/rpc/scope";
import type { CallOptions } from "@connectrpc/connect";

const NEVER = new AbortController().signal;

/** Options of a call that must be finished even when the caller is gone: same principal, its own deadline. */
export function detachedOptions(scope: CallScope, timeoutMs: number): CallOptions {
  const { credential, span } = scope;
  return callOptionsOf({ signal: NEVER, deadline: undefined, credential, span }, { timeoutMs });
}
