import { randomUUID } from "node:crypto";

/** A new run's id: ordered by time, so that newer runs have greater ids, and not to be guessed. */
export function newRunId(now: number): string {
  return `run_${now.toString(16).padStart(12, "0")}${randomUUID().replaceAll("-", "").slice(12)}`;
}
