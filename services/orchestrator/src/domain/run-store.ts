/** The port to where runs and their journals are kept. Every method is atomic: all of it is stored, or nothing. */
import type { Ending, EventBody, JournalEvent, NewEvent } from "./events.ts";
import type { Owner, RunRecord } from "./run.ts";

/** The right to write a run's journal. The token grows with every claim; a writer with an older one is refused. */
export interface Lease {
  readonly runId: string;
  readonly token: number;
}

/** A run a worker has taken, with everything it needs to go on. */
export interface ClaimedRun {
  readonly run: RunRecord;
  readonly lease: Lease;
  /** 1 for the first time, more after a crash or a lost lease. */
  readonly attempt: number;
  /** The whole journal, the event of this claim included. */
  readonly events: readonly JournalEvent[];
}

/** Remembers which run an idempotency key started. */
export interface IdempotencyRecord {
  readonly key: string;
  /** Of the request; the same key with another hash is refused. */
  readonly requestHash: string;
  readonly expires: number;
}

/** What `accept` stores. */
export interface AcceptRequest {
  readonly run: Omit<RunRecord, "status" | "lastSeq" | "ended" | "cancelReason">;
  /** The first events of the journal; the first of all says that the run was accepted. */
  readonly events: readonly EventBody[];
  readonly idempotency: IdempotencyRecord | undefined;
  /** Stored once per version, so that a run can be resumed after the agent's file changed. */
  readonly bundle: { readonly json: string } | undefined;
  /** The worker that takes the run at once; undefined: it waits in the queue. */
  readonly claimFor: { readonly worker: string; readonly leaseUntil: number } | undefined;
  /** Most runs that may wait. */
  readonly queueLimit: number;
}

/** What became of an `accept`. */
export type Accepted =
  | { readonly outcome: "accepted"; readonly run: RunRecord; readonly claimed: ClaimedRun | undefined }
  | { readonly outcome: "existing"; readonly run: RunRecord }
  | { readonly outcome: "key_reused" }
  | { readonly outcome: "queue_full"; readonly waiting: number };

/** How runs are claimed. */
export interface ClaimRequest {
  readonly worker: string;
  readonly limit: number;
  readonly now: number;
  readonly leaseUntil: number;
}

/** Events to add at the end of a journal. */
export interface AppendRequest {
  readonly lease: Lease;
  /** Sequence number of the journal's last event as the writer knows it. */
  readonly expectedSeq: number;
  readonly events: readonly NewEvent[];
}

/** The last events of a run and how it ended. The last event is the ending. */
export interface FinishRequest extends AppendRequest {
  readonly status: Ending["kind"];
  readonly ended: number;
}

/** What a renewed lease tells its owner. */
export interface Renewal {
  readonly runId: string;
  /** Another worker has the run, or it ended. */
  readonly lost: boolean;
  readonly cancelReason: string | undefined;
}

/** Which runs to list, newest first. */
export interface ListQuery extends Owner {
  /** Only runs older than this id; empty: from the newest. */
  readonly before: string;
  readonly limit: number;
  /** Empty: all. */
  readonly agentId: string;
  /** Empty: all. */
  readonly sessionId: string;
}

/** A run with the event that ended it. */
export interface RunWithEnding {
  readonly run: RunRecord;
  readonly ending: Ending | undefined;
}

/** Runs, journals, agent versions and idempotency keys. */
export interface RunStore {
  /** Stores a run, and claims it at once when `claimFor` is set. */
  accept(request: AcceptRequest): Promise<Accepted>;
  /** The run an idempotency key started; undefined when the key is new or has expired. */
  findByKey(owner: Owner, key: string, now: number): Promise<{ run: RunRecord; requestHash: string } | undefined>;
  /** Takes queued runs and runs whose lease is over, oldest first, and records that they were started again. */
  claim(request: ClaimRequest): Promise<readonly ClaimedRun[]>;
  /** Extends leases. */
  renew(leases: readonly Lease[], leaseUntil: number): Promise<readonly Renewal[]>;
  /** Gives leases up, so that others take the runs at once. The given tokens are worth nothing afterwards. */
  release(leases: readonly Lease[]): Promise<void>;
  /** Adds events. @throws FENCED, SEQUENCE_CONFLICT */
  append(request: AppendRequest): Promise<void>;
  /** Adds the last events and ends the run. @throws FENCED, SEQUENCE_CONFLICT */
  finish(request: FinishRequest): Promise<void>;
  /**
   * Asks a run to stop: a queued one ends here, a running one when its worker notices.
   * @returns undefined when the owner has no such run
   */
  requestCancel(owner: Owner, runId: string, request: { reason: string; now: number }): Promise<RunRecord | undefined>;
  get(owner: Owner, runId: string): Promise<RunWithEnding | undefined>;
  list(query: ListQuery): Promise<readonly RunWithEnding[]>;
  /** Events with a higher number than `after`, in order. */
  events(runId: string, after: number, limit: number): Promise<readonly JournalEvent[]>;
  /** The stored bundle of an agent's version. */
  bundle(agentId: string, version: string): Promise<string | undefined>;
  /**
   * Deletes runs that ended before a time, and expired idempotency keys; no more than `limit` of each.
   * @returns how many of whichever were more; `limit`: there may be more left
   */
  sweep(request: { endedBefore: number; now: number; limit: number }): Promise<number>;
}
