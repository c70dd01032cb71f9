import type { Database } from "@agentmesh/state";
import { decide } from "../../domain/rate-limit/gcra.ts";
import type { RateDecision, RateLimit, RateLimitStore } from "../../domain/rate-limit/rate-limit-store.ts";

/** What the store needs besides its database. */
export interface SqliteRateLimitOptions {
  readonly database: Database;
  /** The store's clock, in milliseconds since the epoch. */
  readonly clock: () => number;
}

interface Subject {
  tat: number;
  /** What the file says: never less than `tat`. */
  stored: number;
  /** The write that raises `stored`, while it is under way. */
  storing: Promise<unknown> | undefined;
}

// Subjects whose burst is full again are forgotten in sweeps of this many new ones.
const SWEEP_AFTER = 10_000;

/**
 * Decides in memory, because the file has one owner, and writes ahead: the file holds a TAT that lies a part of the
 * burst in the future, raised by one write for many requests. After a crash the subject goes on from there, which is
 * stricter than what was used, never more generous.
 */
export class SqliteRateLimitStore implements RateLimitStore {
  readonly #database: Database;
  readonly #clock: () => number;
  readonly #subjects = new Map<string, Subject>();
  readonly #loading = new Map<string, Promise<Subject>>();
  #sweepAt = SWEEP_AFTER;
  #now = 0;

  constructor({ database, clock }: SqliteRateLimitOptions) {
    this.#database = database;
    this.#clock = clock;
  }

  async take(subject: string, limit: RateLimit): Promise<RateDecision> {
    const state = this.#subjects.get(subject) ?? (await this.#load(subject));
    const result = decide(state.tat, this.#time(), limit);
    state.tat = result.tat;
    // Admitted only once the file knows; who comes while it is being written waits for the same write.
    while (result.admitted && result.tat > state.stored) {
      state.storing ??= this.#raise(subject, state, limit);
      await state.storing;
    }
    return result;
  }

  /** Stores where every subject really is, so that an orderly stop costs nobody a part of the burst. */
  async close(): Promise<void> {
    const now = this.#time();
    await this.#database.write((sql) => {
      for (const [subject, { tat }] of this.#subjects) {
        if (tat > now) sql.run("UPDATE rate_limits SET tat = ? WHERE subject = ?", tat, subject);
        else sql.run("DELETE FROM rate_limits WHERE subject = ?", subject);
      }
      sql.run("DELETE FROM rate_limits WHERE tat <= ?", now);
    });
  }

  // A clock that goes back must neither grant more nor refuse for longer than a full burst.
  #time(): number {
    this.#now = Math.max(this.#now, this.#clock());
    return this.#now;
  }

  #load(subject: string): Promise<Subject> {
    const loading = this.#loading.get(subject);
    if (loading !== undefined) return loading;
    const started = this.#database
      .read((sql) => sql.get<{ tat: number }>("SELECT tat FROM rate_limits WHERE subject = ?", subject)?.tat ?? 0)
      .then((tat) => this.#remember(subject, tat))
      .finally(() => this.#loading.delete(subject));
    this.#loading.set(subject, started);
    return started;
  }

  #remember(subject: string, tat: number): Subject {
    if (this.#subjects.size >= this.#sweepAt) this.#sweep();
    const state: Subject = { tat, stored: tat, storing: undefined };
    this.#subjects.set(subject, state);
    return state;
  }

  async #raise(subject: string, state: Subject, limit: RateLimit): Promise<void> {
    const ahead = Math.ceil(limit.burst / 4) * (60_000 / limit.requestsPerMinute);
    const target = state.tat + ahead;
    const upsert =
      "INSERT INTO rate_limits (subject, tat) VALUES (?, ?) ON CONFLICT (subject) DO UPDATE SET tat = excluded.tat";
    try {
      await this.#database.run(upsert, subject, target);
      state.stored = target;
    } finally {
      state.storing = undefined;
    }
  }

  #sweep(): void {
    const now = this.#time();
    for (const [subject, { tat, stored, storing }] of this.#subjects) {
      if (tat <= now && stored <= now && storing === undefined) this.#subjects.delete(subject);
    }
    this.#sweepAt = this.#subjects.size + SWEEP_AFTER;
  }
}
