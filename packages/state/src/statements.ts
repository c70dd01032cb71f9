import type { DatabaseSync, StatementSync } from "node:sqlite";

/** A prepared statement and whether it may change something. */
export interface CachedStatement {
  readonly statement: StatementSync;
  readonly writes: boolean;
}

/** More texts than any service has; beyond it the oldest are prepared again when used again. */
const mostStatements = 1_000;

/** Prepared statements by their text. */
export class StatementCache {
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, CachedStatement>();

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  get(text: string): CachedStatement {
    return this.#statements.get(text) ?? this.#prepare(text);
  }

  #prepare(text: string): CachedStatement {
    const prepared = { statement: this.#database.prepare(text), writes: !/^\s*(select|values|explain)\b/i.test(text) };
    const oldest = this.#statements.keys().next().value;
    if (this.#statements.size >= mostStatements && oldest !== undefined) this.#statements.delete(oldest);
    this.#statements.set(text, prepared);
    return prepared;
  }
}
