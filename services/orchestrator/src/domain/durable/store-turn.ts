import type { CallScope } from "@agentmesh/rpc/scope";
import type { Message } from "../message.ts";
import { DependencyError } from "../ports.ts";
import type { RunContext } from "./run-context.ts";

/** Every conflict means that another turn was stored: more in a row than this are no bad luck any more. */
const maxConflicts = 64;
/** Storing the turn is part of ending the run: it gets this long even when the run's time is up. */
const graceMs = 10_000;
const neverAborted = new AbortController().signal;

/**
 * Stores question and answer in the session, on top of whatever turns were stored meanwhile. The run's id names the
 * turn, so a repeat after a crash stores nothing. From here on the run ends as succeeded: it is not interrupted.
 */
export async function storeTurn(context: RunContext, question: Message, answer: Message): Promise<void> {
  const { bundle, run, ports, sessionVersion } = context;
  if (sessionVersion === undefined || bundle.memory.kind !== "session") return;
  const turn = {
    sessionId: run.sessionId,
    turnId: run.id,
    messages: [question, answer],
    timeToLiveMs: bundle.memory.timeToLiveMs,
  };
  const scope = closingScope(context);
  let expectedVersion = sessionVersion;
  for (let conflicts = 0; conflicts < maxConflicts; conflicts += 1) {
    const appended = await ports.sessions.append(scope, { ...turn, expectedVersion });
    if (appended.stored) return;
    expectedVersion = appended.currentVersion;
  }
  throw new DependencyError("Too many turns were stored in this session at the same time: try again.", {
    reason: "VERSION_CONFLICT",
    retryable: true,
    metadata: {},
  });
}

/** The scope of what must be completed once it has begun. */
export function closingScope(context: RunContext): CallScope {
  const { credential, span } = context.scope;
  return { signal: neverAborted, deadline: context.clock() + graceMs, credential, span };
}
