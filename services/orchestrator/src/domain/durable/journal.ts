import type { Ending, EventBody, JournalEvent, NewEvent } from "../events.ts";
import type { Lease, RunStore } from "../run-store.ts";

/** What a journal needs to begin where it ended. */
export interface JournalStart {
  readonly store: RunStore;
  readonly lease: Lease;
  readonly lastSeq: number;
  readonly clock: () => number;
  /** Told of events once they are stored, in order. */
  readonly onStored: (events: readonly JournalEvent[]) => void;
}

/**
 * Writes the journal of one run. Events are added in order and stored in groups: one write is under way at a time, and
 * what is added meanwhile goes with the next. After a failed write nothing more is written.
 */
export class Journal {
  readonly #start: JournalStart;
  #pending: NewEvent[] = [];
  #added = 0;
  #stored = 0;
  #lastSeq: number;
  #writing: Promise<void> | undefined;
  #failed: { readonly error: unknown } | undefined;

  constructor(start: JournalStart) {
    this.#start = start;
    this.#lastSeq = start.lastSeq;
  }

  /** Sequence number of the last stored event. */
  get lastSeq(): number {
    return this.#lastSeq;
  }

  /** Whether events wait to be stored. */
  get hasPending(): boolean {
    return this.#pending.length > 0;
  }

  /** Adds an event; it is stored with the next `flush` or `finish`. */
  add(body: EventBody, inputHash = ""): void {
    this.#pending.push({ body, inputHash, time: this.#start.clock() });
    this.#added += 1;
  }

  /** Resolves when everything added so far is stored. @throws FENCED, SEQUENCE_CONFLICT, storage errors */
  async flush(): Promise<void> {
    const target = this.#added;
    while (this.#stored < target) {
      if (this.#failed !== undefined) throw this.#failed.error;
      this.#writing ??= this.#write();
      await this.#writing;
    }
  }

  /** Stores what is pending together with the ending, and the run's new status. */
  async finish(ending: Ending): Promise<void> {
    await this.#writing;
    if (this.#failed !== undefined) throw this.#failed.error;
    this.add(ending);
    this.#writing = this.#write({ status: ending.kind });
    await this.#writing;
  }

  async #write(ended?: { status: Ending["kind"] }): Promise<void> {
    const { store, lease, clock, onStored } = this.#start;
    const events = this.#pending;
    this.#pending = [];
    const append = { lease, expectedSeq: this.#lastSeq, events };
    try {
      if (ended === undefined) await store.append(append);
      else await store.finish({ ...append, status: ended.status, ended: clock() });
    } catch (error) {
      this.#failed = { error };
      throw error;
    } finally {
      this.#writing = undefined;
    }
    const first = this.#lastSeq + 1;
    this.#lastSeq += events.length;
    this.#stored += events.length;
    onStored(events.map((event, index) => ({ ...event, seq: first + index })));
  }
}
