/** Why a run ends early, and what that means for its journal. */
import { DomainError } from "@agentmesh/rpc/domain-error";
import { errors } from "../errors.ts";
import type { RunError } from "./events.ts";
import { DependencyError } from "./ports.ts";

/** Why a run's signal was aborted. */
export type StopReason =
  | { readonly kind: "cancelled"; readonly reason: string }
  | { readonly kind: "timeout" }
  /** This process stops; another one goes on. */
  | { readonly kind: "released" }
  /** Another worker has the run. */
  | { readonly kind: "lost" };

/** The reason of a run's signal: an Error, so that whoever is interrupted by it can throw it. */
export class RunStopped extends Error {
  override readonly name = "RunStopped";
  readonly stop: StopReason;

  constructor(stop: StopReason) {
    super(`The run was stopped: ${stop.kind}`);
    this.stop = stop;
  }
}

/** Whether an error says that this worker must not write the run's journal any more. */
export function isFenced(error: unknown): boolean {
  return errors.FENCED.is(error) || errors.SEQUENCE_CONFLICT.is(error);
}

/** Whether an error came from the store: then nothing can be recorded, not even the failure. */
export function isStorageError(error: unknown): boolean {
  return error instanceof DomainError && error.domain === "state.agentmesh";
}

/** What the user is told. Errors that are nobody's catalogue stay inside. */
export function runErrorOf(error: unknown): RunError {
  if (error instanceof DomainError || error instanceof DependencyError) {
    return { reason: error.reason, message: error.message, retryable: error.retryable };
  }
  return runErrorOf(errors.INTERNAL());
}
