import { errors } from "../../errors.ts";
import { isStep, type JournalEvent, type StepBody } from "../events.ts";

/** The results of effects that a journal holds already. Each is taken once, by its key. */
export class RecordedSteps {
  readonly #steps = new Map<string, { readonly body: StepBody; readonly inputHash: string }>();

  constructor(events: readonly JournalEvent[]) {
    for (const { body, inputHash } of events) {
      if (isStep(body)) this.#steps.set(body.stepKey, { body, inputHash });
    }
  }

  /** How many have not been taken yet. */
  get size(): number {
    return this.#steps.size;
  }

  /**
   * The recorded result of an effect; undefined when it has to be carried out.
   * @throws JOURNAL_MISMATCH when the key was recorded for another kind of effect or another input
   */
  take<Kind extends StepBody["kind"]>(
    kind: Kind,
    stepKey: string,
    inputHash: string,
  ): Extract<StepBody, { kind: Kind }> | undefined {
    const step = this.#steps.get(stepKey);
    if (step === undefined) return undefined;
    if (step.body.kind !== kind || step.inputHash !== inputHash) {
      const message = `Step ${stepKey} is recorded as another effect than the agent now asks for; the run was stopped.`;
      throw errors.JOURNAL_MISMATCH({ message, metadata: { step_key: stepKey } });
    }
    this.#steps.delete(stepKey);
    return step.body as Extract<StepBody, { kind: Kind }>;
  }

  /** @throws JOURNAL_MISMATCH when the run is about to end without having asked for everything that was recorded */
  assertAllTaken(): void {
    const [stepKey] = this.#steps.keys();
    if (stepKey === undefined) return;
    const message = `Step ${stepKey} is recorded, but the agent did not ask for it again; the run was stopped.`;
    throw errors.JOURNAL_MISMATCH({ message, metadata: { step_key: stepKey } });
  }
}
