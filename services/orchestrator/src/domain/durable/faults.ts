import { errors } from "../../errors.ts";
import type { PlannedCall } from "../patterns/pattern.ts";
import { digestOf } from "./transcript.ts";

/** How many turns may ask for the same call: the model has had its answer twice by then. */
const maxRepeats = 3;

/** Counts what a model does wrong, to stop it in time. Everything here repeats itself in a replay. */
export class Faults {
  readonly #retries: number;
  #invalidInARow = 0;
  #blockedRetries = 0;
  readonly #turnsOfCall = new Map<string, number>();

  constructor(retries: number) {
    this.#retries = retries;
  }

  /** A turn had an answer or arguments that cannot be used. @throws INVALID_MODEL_ANSWER after too many in a row */
  invalidTurn(): void {
    this.#invalidInARow += 1;
    if (this.#invalidInARow <= this.#retries) return;
    const message = `The model's answers could not be used ${this.#invalidInARow} times in a row (limit: ${this.#retries} retries).`;
    throw errors.INVALID_MODEL_ANSWER({ message });
  }

  /** Whether a blocked answer may be asked for again: once per run. Decided by the journal alone, so a replay agrees. */
  mayRetryBlocked(): boolean {
    this.#blockedRetries += 1;
    return this.#blockedRetries === 1;
  }

  /** A turn could be used. */
  validTurn(): void {
    this.#invalidInARow = 0;
  }

  /** The calls of a turn. @throws LOOP_DETECTED when one of them was asked for in two turns before */
  called(calls: readonly PlannedCall[]): void {
    const fingerprints = new Set(calls.map(({ call }) => digestOf(call.name, call.argumentsJson)));
    for (const fingerprint of fingerprints) {
      const turns = (this.#turnsOfCall.get(fingerprint) ?? 0) + 1;
      this.#turnsOfCall.set(fingerprint, turns);
      if (turns < maxRepeats) continue;
      const message = `The model asked for the same tool call in ${turns} turns; the run was stopped.`;
      throw errors.LOOP_DETECTED({ message });
    }
  }
}
