/**
 * The port of the leased records. A step is claimed before its tool runs and completed after; what is in between when
 * a process dies is what the record is for. Operations are atomic, and durable when they resolve.
 */
import type { ToolResult } from "./tool.ts";

/** One call of one step. */
export interface StepClaim {
  readonly tenant: string;
  readonly runId: string;
  readonly stepKey: string;
  readonly user: string;
  readonly tool: string;
  /** Of user, tool and arguments: what must be the same in a repeat. */
  readonly hash: string;
  /** Whether the tool may run again when it is unknown whether it ran. */
  readonly idempotent: boolean;
  /** How long the claim holds; longer than the tool may take. */
  readonly leaseMs: number;
}

/** What a claim came to. */
export type ClaimOutcome =
  /** Run the tool; give `fence` back with the result. */
  | { readonly kind: "claimed"; readonly fence: number }
  /** It ran before. */
  | { readonly kind: "recorded"; readonly result: ToolResult }
  /** Somebody's lease has not ended yet; milliseconds until it does. */
  | { readonly kind: "running"; readonly leftMs: number }
  /** A lease ended without a result, and the tool has effects. */
  | { readonly kind: "uncertain" }
  /** The step was used for another call. */
  | { readonly kind: "conflict" };

/** The store of steps. */
export interface StepStore {
  claim(step: StepClaim): Promise<ClaimOutcome>;
  /** Records the result; false when another claim took over and nothing was recorded. */
  complete(step: StepClaim, fence: number, result: ToolResult): Promise<boolean>;
  /** Gives a claim of an idempotent tool back, so that the next one need not wait for the lease. */
  abandon(step: StepClaim, fence: number): Promise<void>;
  /** Removes some steps older than this (milliseconds since the epoch); true when there may be more. */
  trim(before: number): Promise<boolean>;
}
