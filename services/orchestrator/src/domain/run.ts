import type { RunError } from "./events.ts";
import type { Message } from "./message.ts";
import type { Totals } from "./totals.ts";

/** Where a run is in its life. */
export type RunStatus = "queued" | "running" | "succeeded" | "failed" | "cancelled";

/** Whose run it is. Nobody else finds it. */
export interface Owner {
  readonly tenant: string;
  readonly user: string;
}

/** A run without its content. Times are milliseconds since the epoch. */
export interface RunRecord extends Owner {
  readonly id: string;
  readonly agentId: string;
  /** The version it started with; a run never changes version. */
  readonly agentVersion: string;
  /** Empty: none. */
  readonly sessionId: string;
  readonly status: RunStatus;
  readonly created: number;
  /** When it is stopped at the latest. */
  readonly deadline: number;
  readonly ended: number | undefined;
  /** Sequence number of its last event. */
  readonly lastSeq: number;
  /** Why somebody asked it to stop; undefined when nobody did. */
  readonly cancelReason: string | undefined;
}

/** A run as its owner sees it. */
export interface RunView {
  readonly run: RunRecord;
  readonly totals: Totals;
  /** When it succeeded. */
  readonly output?: Message;
  /** When it failed. */
  readonly error?: RunError;
}

/** Whether a run has ended. */
export function hasEnded(status: RunStatus): boolean {
  return status !== "queued" && status !== "running";
}
