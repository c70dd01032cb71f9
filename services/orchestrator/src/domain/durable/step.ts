import type { CallScope } from "@agentmesh/rpc/scope";
import { attributes, spanNames } from "@agentmesh/telemetry";
import type { RunContext } from "./run-context.ts";

/** Carries one step out under a span of its own. */
export async function withStepSpan<T>(
  context: RunContext,
  stepKey: string,
  work: (scope: CallScope) => Promise<T>,
): Promise<T> {
  const { scope, instruments } = context;
  if (!instruments.tracer.enabled) return work(scope);
  const span = instruments.tracer.start(spanNames.executeStep, {
    kind: "internal",
    parent: scope.span,
    attributes: { [attributes.runId]: context.run.id, [attributes.stepKey]: stepKey },
  });
  try {
    return await work({ signal: scope.signal, deadline: scope.deadline, credential: scope.credential, span });
  } catch (error) {
    span.fail(error);
    throw error;
  } finally {
    span.end();
  }
}
