import type { Sql } from "@agentmesh/state";
import { addAmount } from "../../domain/amount.ts";
import type { CounterIdentity } from "../../domain/limits.ts";

/** A counter in memory. Open holds keep a reference, so there is one object per key as long as `open` > 0. */
export interface Counter {
  readonly identity: CounterIdentity;
  settled: number;
  held: number;
  /** Open holds that count here. */
  open: number;
  changed: boolean;
}

/** What a counter store needs to know. */
export interface CountersOptions {
  readonly clock: () => number;
  /** A run's counter is forgotten when the run was not charged for this long. */
  readonly runRetentionMs: number;
  /** Counters without open holds that stay in memory. */
  readonly mostIdle?: number;
}

/** A window's counter outlives it by this much, for clocks that step back. */
const graceMs = 86_400_000;

/**
 * The counters: settled amounts written through to the database once per batch, held amounts counted from the open
 * holds. The database is the truth; this is what its owner remembers of it.
 */
export class Counters {
  readonly #options: CountersOptions;
  readonly #mostIdle: number;
  readonly #counters = new Map<string, Counter>();
  readonly #changed: Counter[] = [];

  constructor(options: CountersOptions) {
    this.#options = options;
    this.#mostIdle = options.mostIdle ?? 50_000;
  }

  /** The counter, read from the database when it is not remembered. */
  get(sql: Sql, identity: CounterIdentity): Counter {
    const known = this.#counters.get(identity.key);
    if (known !== undefined) return known;
    const row = sql.get<{ settled: number }>("SELECT settled FROM counters WHERE key = ?", identity.key);
    const counter = { identity, settled: row?.settled ?? 0, held: 0, open: 0, changed: false };
    this.#counters.set(identity.key, counter);
    return counter;
  }

  settle(counter: Counter, change: number): void {
    if (change === 0) return;
    counter.settled = addAmount(counter.settled, change);
    if (counter.changed) return;
    counter.changed = true;
    this.#changed.push(counter);
  }

  /** Writes what changed. */
  flush(sql: Sql): void {
    for (const counter of this.#changed) {
      counter.changed = false;
      const { identity, settled } = counter;
      if (identity.ends === undefined) this.#writeRun(sql, identity.key, settled);
      else this.#writeWindow(sql, identity.key, settled, identity.ends + graceMs);
    }
    this.#changed.length = 0;
    if (this.#counters.size > 2 * this.#mostIdle) this.#forgetIdle();
  }

  /** Forgets everything: what is stored may differ from what is remembered. */
  clear(): void {
    this.#counters.clear();
    this.#changed.length = 0;
  }

  #writeWindow(sql: Sql, key: string, settled: number, ends: number): void {
    sql.run(
      "INSERT INTO counters (key, settled, ends) VALUES (?, ?, ?) ON CONFLICT (key) DO UPDATE SET settled = excluded.settled",
      key,
      settled,
      ends,
    );
  }

  /** A run has no end that is known, so every charge moves it; by whole days, to leave the index alone mostly. */
  #writeRun(sql: Sql, key: string, settled: number): void {
    const ends = Math.ceil((this.#options.clock() + this.#options.runRetentionMs) / graceMs) * graceMs;
    sql.run(
      "INSERT INTO counters (key, settled, ends) VALUES (?, ?, ?) ON CONFLICT (key) DO UPDATE SET settled = excluded.settled, ends = excluded.ends",
      key,
      settled,
      ends,
    );
  }

  /** Oldest first, until few enough are left. */
  #forgetIdle(): void {
    let surplus = this.#counters.size - this.#mostIdle;
    for (const [key, { open }] of this.#counters) {
      if (surplus <= 0) return;
      if (open > 0) continue;
      this.#counters.delete(key);
      surplus--;
    }
  }
}
