import type { CallScope } from "@agentmesh/rpc/scope";
import { attributes, spanNames } from "@agentmesh/telemetry";
import type { RunContext } from "./run-context.ts";

/** Carries one step out under a span of its own. */
export function withStepSpan<T>(
  context: RunContext,
  stepKey: string,
  work: (scope: CallScope) => Promise<T>,
  name: string = spanNames.executeStep,
): Promise<T> {
  if (!context.instruments.tracer.enabled) return work(context.scope);
  return spanned(context, { name, parent: context.scope, stepKey }, work);
}

/** Puts the prompt of a step together under a span of its own, below the step's. */
export function withPlanSpan<T>(
  context: RunContext,
  { parent, stepKey }: { parent: CallScope; stepKey: string },
  work: (scope: CallScope) => Promise<T>,
): Promise<T> {
  if (!context.instruments.tracer.enabled) return work(parent);
  return spanned(context, { name: spanNames.plan, parent, stepKey }, work);
}

async function spanned<T>(
  context: RunContext,
  { name, parent, stepKey }: { name: string; parent: CallScope; stepKey: string },
  work: (scope: CallScope) => Promise<T>,
): Promise<T> {
  const span = context.instruments.tracer.start(name, {
    kind: "internal",
    parent: parent.span,
    attributes: { [attributes.runId]: context.run.id, [attributes.stepKey]: stepKey },
  });
  try {
    return await work({ signal: parent.signal, deadline: parent.deadline, credential: parent.credential, span });
  } catch (error) {
    span.fail(error);
    throw error;
  } finally {
    span.end();
  }
}
