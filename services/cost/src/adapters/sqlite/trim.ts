import type { Sql } from "@agentmesh/state";
import type { TrimCommand } from "../../domain/holds-store.ts";
import { fold } from "./ledger.ts";

const slice = 500;

/** Removes what is too old, a little at a time, so that a step takes a few milliseconds whatever there is to do. */
export class Trim {
  /** Holds up to this id were looked at: one that was open then must not keep the others from being removed. */
  #holdsSeen = 0;
  #countersSeen = "";

  /** True when there may be more. */
  step(sql: Sql, command: TrimCommand, now: number): boolean {
    const holds = this.#trimHolds(sql, command.holdsBefore);
    const ledger = fold(sql, command.ledgerBefore);
    const counters = this.#trimCounters(sql, now);
    return holds || ledger || counters;
  }

  #trimHolds(sql: Sql, before: number): boolean {
    const next = sql.get<{ id: number; taken: number }>(
      "SELECT id, taken FROM holds WHERE id > ? ORDER BY id LIMIT 1",
      this.#holdsSeen,
    );
    if (next === undefined || next.taken >= before) {
      this.#holdsSeen = 0;
      return false;
    }
    this.#holdsSeen = next.id + slice - 1;
    sql.run(
      "DELETE FROM holds WHERE id BETWEEN ? AND ? AND state <> 0 AND ended < ?",
      next.id,
      this.#holdsSeen,
      before,
    );
    return true;
  }

  /** Walks over all counters; an index over their ends would cost every charge more than this walk. */
  #trimCounters(sql: Sql, now: number): boolean {
    const text = "SELECT key FROM counters WHERE key > ? ORDER BY key LIMIT 1 OFFSET 499";
    const last = sql.get<{ key: string }>(text, this.#countersSeen);
    if (last === undefined) {
      sql.run("DELETE FROM counters WHERE key > ? AND ends < ?", this.#countersSeen, now);
      this.#countersSeen = "";
      return false;
    }
    sql.run("DELETE FROM counters WHERE key > ? AND key <= ? AND ends < ?", this.#countersSeen, last.key, now);
    this.#countersSeen = last.key;
    return true;
  }
}
