import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { Database, Sql, SqlValue } from "./database.ts";
import { errors } from "./errors.ts";
import { storageErrorOf } from "./sqlite-error.ts";
import { StatementCache } from "./statements.ts";

/** A commit that blocks the loop for longer than this is reported. */
const stallMs = 50;

/** What a group's end does to one operation. */
interface Waiting {
  stored(): void;
  failed(error: unknown): void;
}

/** What one operation came to, before the group is stored. */
type Outcome<T> = { readonly value: T } | { readonly error: unknown };

/** What `SqliteDatabase` needs to know besides the connection. */
interface SqliteOptions {
  readonly name: string;
  readonly onStall?: ((milliseconds: number) => void) | undefined;
}

/**
 * Group commit over one connection. An operation runs when it is called, in a savepoint of the group's transaction;
 * the transaction is committed once per turn of the event loop, and only then the promises of the group settle.
 */
export class SqliteDatabase implements Database {
  readonly name: string;
  readonly #connection: DatabaseSync;
  readonly #onStall: ((milliseconds: number) => void) | undefined;
  readonly #statements: StatementCache;
  readonly #begin: StatementSync;
  readonly #commit: StatementSync;
  readonly #savepoint: StatementSync;
  readonly #release: StatementSync;
  readonly #readSql: Sql;
  readonly #writeSql: Sql;
  #group: Waiting[] = [];
  #inGroup = false;
  #operating = false;
  /** How the operation that runs would be undone: "nothing" before it changes anything. */
  #undo: "nothing" | "savepoint" | "transaction" = "nothing";
  #closed = false;

  constructor(connection: DatabaseSync, options: SqliteOptions) {
    this.name = options.name;
    this.#connection = connection;
    this.#onStall = options.onStall;
    this.#statements = new StatementCache(connection);
    this.#begin = connection.prepare("BEGIN");
    this.#commit = connection.prepare("COMMIT");
    this.#savepoint = connection.prepare("SAVEPOINT operation");
    this.#release = connection.prepare("RELEASE operation");
    this.#readSql = this.#sql((text) => {
      const { statement, writes } = this.#statements.get(text);
      if (writes) throw new TypeError("A read operation must not change anything: use write.");
      return statement;
    });
    this.#writeSql = this.#sql((text) => {
      const { statement, writes } = this.#statements.get(text);
      if (writes) this.#prepareUndo();
      return statement;
    });
  }

  write<T>(operation: (sql: Sql) => T): Promise<T> {
    return this.#settleWithGroup(() => this.#attempt(operation));
  }

  run(text: string, ...values: SqlValue[]): Promise<{ readonly changes: number }> {
    return this.#settleWithGroup(() => {
      const { statement } = this.#statements.get(text);
      this.#openGroup();
      return { changes: Number(statement.run(...values).changes) };
    });
  }

  read<T>(operation: (sql: Sql) => T): Promise<T> {
    return this.#settleWithGroup(() => refusePromise(operation(this.#readSql)));
  }

  async ping(): Promise<void> {
    await this.read((sql) => sql.get("SELECT 1"));
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#endGroup();
    this.#connection.close();
  }

  /** Runs the operation now; its promise settles at once when no group is open, else with the group. */
  #settleWithGroup<T>(run: () => T): Promise<T> {
    if (this.#closed) return Promise.reject(errors.STORAGE_CLOSED({ metadata: { store: this.name } }));
    if (this.#operating) return Promise.reject(new TypeError("An operation must not call its database: use its sql."));
    const outcome = this.#outcomeOf(run);
    if (!this.#inGroup) {
      return "error" in outcome ? Promise.reject(outcome.error) : Promise.resolve(outcome.value);
    }
    return new Promise<T>((resolve, reject) => {
      const stored = () => ("error" in outcome ? reject(outcome.error) : resolve(outcome.value));
      this.#group.push({ stored, failed: reject });
    });
  }

  #outcomeOf<T>(run: () => T): Outcome<T> {
    this.#operating = true;
    try {
      return { value: run() };
    } catch (thrown) {
      const error = storageErrorOf(thrown, this.name);
      // SQLite undoes the whole transaction by itself after some errors of the disk: then the group is lost.
      if (this.#inGroup && !this.#connection.isTransaction) this.#failGroup(error);
      return { error };
    } finally {
      this.#operating = false;
    }
  }

  #attempt<T>(operation: (sql: Sql) => T): T {
    try {
      const value = refusePromise(operation(this.#writeSql));
      if (this.#undo === "savepoint") this.#release.run();
      return value;
    } catch (error) {
      if (this.#undo !== "nothing" && this.#connection.isTransaction) this.#undoOperation();
      throw error;
    } finally {
      this.#undo = "nothing";
    }
  }

  #undoOperation(): void {
    if (this.#undo === "transaction") {
      this.#rollBack();
      this.#inGroup = false;
      return;
    }
    try {
      this.#connection.exec("ROLLBACK TO operation; RELEASE operation");
    } catch (error) {
      // The operation cannot be undone alone, so nothing of the group may stay.
      this.#rollBack();
      this.#failGroup(storageErrorOf(error, this.name));
    }
  }

  /** The first operation of a group has the transaction to itself: undoing that is cheaper than a savepoint. */
  #prepareUndo(): void {
    if (this.#undo !== "nothing") return;
    const isFirst = !this.#inGroup;
    this.#openGroup();
    if (!isFirst) this.#savepoint.run();
    this.#undo = isFirst ? "transaction" : "savepoint";
  }

  #openGroup(): void {
    if (this.#inGroup) return;
    this.#begin.run();
    this.#inGroup = true;
    setImmediate(() => this.#endGroup());
  }

  /** Commits what is open and settles everybody who waits for it. */
  #endGroup(): void {
    if (!this.#inGroup) return;
    const started = performance.now();
    try {
      this.#commit.run();
    } catch (error) {
      this.#rollBack();
      this.#failGroup(storageErrorOf(error, this.name));
      return;
    }
    const took = performance.now() - started;
    for (const waiting of this.#takeGroup()) waiting.stored();
    if (took > stallMs) this.#onStall?.(took);
  }

  #failGroup(error: unknown): void {
    for (const waiting of this.#takeGroup()) waiting.failed(error);
  }

  #takeGroup(): Waiting[] {
    const group = this.#group;
    this.#group = [];
    this.#inGroup = false;
    return group;
  }

  #rollBack(): void {
    try {
      if (this.#connection.isTransaction) this.#connection.exec("ROLLBACK");
    } catch {
      // SQLite has already given the transaction up; there is nothing left to undo.
    }
  }

  #sql(statementFor: (text: string) => StatementSync): Sql {
    return {
      run: (text, ...values) => ({ changes: Number(statementFor(text).run(...values).changes) }),
      get: <Row>(text: string, ...values: SqlValue[]) => statementFor(text).get(...values) as Row | undefined,
      all: <Row>(text: string, ...values: SqlValue[]) => statementFor(text).all(...values) as Row[],
    };
  }
}

function refusePromise<T>(value: T): T {
  if (value instanceof Promise) {
    value.catch(() => undefined);
    throw new TypeError("An operation must be synchronous: it returned a promise.");
  }
  return value;
}
