import type { Attribution } from "./prompt.ts";

// The contract allows 128 characters: run (64) + step (26) + id (36) and two separators.
const LONGEST_STEP = 26;

/** The hold of one call: readable for whoever follows a run, unique by the id of the call. */
export function holdIdOf(attribution: Attribution, id: string): string {
  return attribution.runId === "" ? id : `${attribution.runId}/${attribution.stepKey.slice(0, LONGEST_STEP)}/${id}`;
}
