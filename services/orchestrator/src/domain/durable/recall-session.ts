import { spanNames } from "@agentmesh/telemetry";
import type { Recalled } from "../events.ts";
import type { RunContext } from "./run-context.ts";
import { withStepSpan } from "./step.ts";
import { digestOf } from "./transcript.ts";

const stepKey = "session/load#0";

/** Reads the session, once: a resumed run sees what it saw the first time. Undefined without session memory. */
export async function recallSession(context: RunContext): Promise<Recalled | undefined> {
  const { bundle, run } = context;
  if (run.sessionId === "" || bundle.memory.kind !== "session") return undefined;
  const { windowTokens } = bundle.memory;
  const inputHash = digestOf(run.sessionId, String(windowTokens));
  const recorded = context.steps.take("recalled", stepKey, inputHash);
  if (recorded !== undefined) return recorded;
  const window = await withStepSpan(
    context,
    stepKey,
    (scope) => context.ports.sessions.load(scope, run.sessionId, windowTokens),
    spanNames.memoryRead,
  );
  const recalled: Recalled = {
    kind: "recalled",
    stepKey,
    truncated: window.truncated,
    sessionVersion: window.version,
    messages: window.messages,
  };
  context.record(recalled, inputHash);
  return recalled;
}
