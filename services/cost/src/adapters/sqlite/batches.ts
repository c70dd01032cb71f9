import { DomainError } from "@agentmesh/rpc/domain-error";
import type { Database, Sql } from "@agentmesh/state";

/** An operation that waits for its turn and its caller. */
interface Waiting {
  run(sql: Sql): void;
  stored(): void;
  failed(error: unknown): void;
}

/** What frames the operations of a batch. */
export interface BatchHooks {
  /** Before the first operation. */
  begin(sql: Sql): void;
  /** After the last one, in the same transaction. */
  end(sql: Sql): void;
  /** Nothing of the batch was stored. */
  lost(): void;
}

/** Operations of one transaction: the loop is never held up for more than a few milliseconds. */
const mostOperations = 512;

/**
 * Runs the operations of one turn of the event loop in one transaction, all stored or none, so that what they share
 * (counters) is written once. Refusals are values: an operation that throws costs its whole batch a second attempt.
 */
export class Batches {
  readonly #database: Database;
  readonly #hooks: BatchHooks;
  #queue: Waiting[] = [];
  #scheduled = false;

  constructor(database: Database, hooks: BatchHooks) {
    this.#database = database;
    this.#hooks = hooks;
  }

  /** Resolves with the operation's result when it is stored. */
  add<T>(operation: (sql: Sql) => T): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      let value: T;
      this.#queue.push({
        run: (sql) => {
          value = operation(sql);
        },
        stored: () => resolve(value),
        failed: reject,
      });
      this.#schedule();
    });
  }

  #schedule(): void {
    if (this.#scheduled || this.#queue.length === 0) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#flush();
    });
  }

  #flush(): void {
    const batch = this.#queue.splice(0, mostOperations);
    this.#schedule();
    this.#write(batch);
  }

  #write(batch: readonly Waiting[]): void {
    const operation = (sql: Sql) => {
      this.#hooks.begin(sql);
      for (const { run } of batch) run(sql);
      this.#hooks.end(sql);
    };
    const stored = () => {
      for (const waiting of batch) waiting.stored();
    };
    this.#database.write(operation).then(stored, (error: unknown) => this.#lost(batch, error));
  }

  /** A fault of the storage concerns the whole batch; any other is that of one operation, which then fails alone. */
  #lost(batch: readonly Waiting[], error: unknown): void {
    this.#hooks.lost();
    const isolate = batch.length > 1 && !(error instanceof DomainError);
    for (const waiting of batch) {
      if (isolate) this.#write([waiting]);
      else waiting.failed(error);
    }
  }
}
