import type { CallScope } from "@agentmesh/rpc/scope";
import { spanNames } from "@agentmesh/telemetry";
import type { Message } from "../message.ts";
import { DependencyError, type SessionTurn } from "../ports.ts";
import type { RunContext } from "./run-context.ts";
import { withStepSpan } from "./step.ts";

const stepKey = "session/store#0";

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
  const { bundle, run, sessionVersion } = context;
  if (sessionVersion === undefined || bundle.memory.kind !== "session") return;
  const turn = {
    sessionId: run.sessionId,
    turnId: run.id,
    messages: [question, answer],
    timeToLiveMs: bundle.memory.timeToLiveMs,
  };
  const work = ({ span }: CallScope) => store(context, closingScope(context, span), turn);
  await withStepSpan(context, stepKey, work, spanNames.memoryWrite);
}

async function store(context: RunContext, scope: CallScope, turn: Omit<SessionTurn, "expectedVersion">): Promise<void> {
  const { ports, sessionVersion = 0 } = context;
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
function closingScope(context: RunContext, span: CallScope["span"]): CallScope {
  return { signal: neverAborted, deadline: context.clock() + graceMs, credential: context.scope.credential, span };
}
