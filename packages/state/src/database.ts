/** The shapes that services see: one database per module, changed by operations that are stored in groups. */

/** What a column can hold and a statement can take. Integers are numbers: nothing beyond 2^53 - 1 is stored. */
export type SqlValue = string | number | bigint | null | Uint8Array;

/** Runs statements; each text is prepared once and remembered, so texts must be constants with `?` for values. */
export interface Sql {
  /** Runs a statement that changes something. */
  run(text: string, ...values: SqlValue[]): { readonly changes: number };
  /** The first row, or undefined. Also for `INSERT … RETURNING`. */
  get<Row = Record<string, SqlValue>>(text: string, ...values: SqlValue[]): Row | undefined;
  /** Every row. */
  all<Row = Record<string, SqlValue>>(text: string, ...values: SqlValue[]): Row[];
}

/** One database file. One process owns it; inside, one operation runs at a time. */
export interface Database {
  /** For diagnostics, for example "sqlite:cost.db". */
  readonly name: string;
  /**
   * Runs `operation` at once, all or nothing, and resolves with its result after it is stored.
   * What it throws undoes only its own changes and rejects the promise.
   * The operation is synchronous: it must not await, and must not call the database's own methods.
   * @throws STORAGE_FULL, STORAGE_FAILED, STORAGE_CLOSED: nothing of the operation was stored
   */
  write<T>(operation: (sql: Sql) => T): Promise<T>;
  /** `write` of one statement, cheaper: a single statement is all or nothing by itself. */
  run(text: string, ...values: SqlValue[]): Promise<{ readonly changes: number }>;
  /** Sees everything written before it; resolves only after what it saw is stored. Must not change anything. */
  read<T>(operation: (sql: Sql) => T): Promise<T>;
  /** Resolves when the database answers. */
  ping(): Promise<void>;
  /** Stores what is pending, writes the log back into the file and gives the file free. A second call does nothing. */
  close(): Promise<void>;
}

/** How `openDatabase` opens. */
export interface DatabaseOptions {
  /** Path of the file, created with its folder (0700) when missing; or ":memory:". */
  readonly file: string;
  /** "normal": what was resolved survives the death of the process; "full": the loss of power as well. */
  readonly synchronous: "normal" | "full";
  /** SQL texts in order; each runs once per file, all or nothing. Only ever append to the list. */
  readonly migrations: readonly string[];
  /** Most bytes the database may grow to; beyond it writes fail with STORAGE_FULL. */
  readonly maxBytes?: number;
  /** Told when storing a group blocked the process for longer than 50 ms: the disk is slow. */
  readonly onStall?: (milliseconds: number) => void;
}
