import { randomUUID } from "node:crypto";
import type { Attribution } from "./prompt.ts";

// The contract allows 128 characters: run (64) + step (26) + id (36) and two separators.
const LONGEST_STEP = 26;

/** The hold of one call: readable for whoever follows a run, unique by the id of the call. */
export function holdIdOf(attribution: Attribution, id: string): string {
  return attribution.runId === "" ? id : `${attribution.runId}/${attribution.stepKey.slice(0, LONGEST_STEP)}/${id}`;
}

/**
 * An id that is never the same again, as UUID of version 7: what is stored under ids of one time lies together, so that
 * a database writes few pages.
 */
export function newCallId(now: number): string {
  const time = now.toString(16).padStart(12, "0");
  return `${time.slice(0, 8)}-${time.slice(8)}-7${randomUUID().slice(15)}`;
}
