import { chmodSync, closeSync, fsyncSync, mkdirSync, openSync } from "node:fs";
import { basename, dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { Database, DatabaseOptions } from "./database.ts";
import { errors } from "./errors.ts";
import { migrate } from "./migrate.ts";
import { SqliteDatabase } from "./sqlite-database.ts";
import { resultCodeOf, storageErrorOf } from "./sqlite-error.ts";

const inMemory = ":memory:";
const busy = 5;
const pageBytes = 4096;

/**
 * Opens a database file, becomes its only owner and brings its tables up to date.
 * @throws DATA_FOLDER_IN_USE when another process (or this one) has it open; DATA_NEWER_THAN_CODE; DATA_DAMAGED;
 *   STORAGE_FULL and STORAGE_FAILED of the disk; what a faulty migration throws
 */
export function openDatabase(options: DatabaseOptions): Database {
  const name = `sqlite:${options.file === inMemory ? "memory" : basename(options.file)}`;
  let connection: DatabaseSync | undefined;
  try {
    if (options.file !== inMemory) createPrivately(options.file);
    connection = new DatabaseSync(options.file, { timeout: 0, enableForeignKeyConstraints: true });
    configure(connection, options);
    migrate(connection, options.migrations, name);
    return new SqliteDatabase(connection, { name, onStall: options.onStall });
  } catch (error) {
    if (connection?.isOpen) connection.close();
    throw openError(error, options.file, name);
  }
}

function configure(connection: DatabaseSync, options: DatabaseOptions): void {
  // Exclusive first: the lock is taken by the first access, kept until the end, and freed by the system after a kill.
  connection.exec("PRAGMA locking_mode = EXCLUSIVE");
  connection.exec("PRAGMA journal_mode = WAL");
  connection.exec(`PRAGMA synchronous = ${options.synchronous === "full" ? "FULL" : "NORMAL"}`);
  connection.exec("PRAGMA temp_store = MEMORY");
  // Pages that change often are copied back once for many commits, and the disk is waited for more rarely; a start
  // after a crash reads at most this much (16 MB) of log.
  connection.exec("PRAGMA wal_autocheckpoint = 4000");
  // A log that once grew large gives its space back when it starts over.
  connection.exec("PRAGMA journal_size_limit = 67108864");
  if (options.maxBytes !== undefined) {
    connection.exec(`PRAGMA max_page_count = ${Math.max(1, Math.floor(options.maxBytes / pageBytes))}`);
  }
}

/** Folder and file belong to the owner alone: they hold prompts and answers. */
function createPrivately(file: string): void {
  const folder = dirname(file);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  closeSync(openSync(file, "a", 0o600));
  chmodSync(file, 0o600);
  syncFolder(folder);
}

/** A new file survives a loss of power only when its folder was written, too. */
function syncFolder(folder: string): void {
  const descriptor = openSync(folder, "r");
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function openError(error: unknown, file: string, store: string): unknown {
  if (resultCodeOf(error) === busy) {
    const message = `${file} is open in another process: stop it, or set AGENTMESH_DATA_DIR to another folder.`;
    return errors.DATA_FOLDER_IN_USE({ message, metadata: { store }, cause: error });
  }
  const code = systemErrorOf(error);
  if (code === "ENOSPC" || code === "EDQUOT") return errors.STORAGE_FULL({ metadata: { store }, cause: error });
  if (code !== undefined) {
    const message = `${file} cannot be opened for writing (${code}): check AGENTMESH_DATA_DIR and its permissions.`;
    return errors.STORAGE_FAILED({ message, metadata: { store }, cause: error });
  }
  return storageErrorOf(error, store);
}

/** "EACCES", "EEXIST", … when the system refused something; undefined for any other error. */
function systemErrorOf(error: unknown): string | undefined {
  const isSystemError = error instanceof Error && "syscall" in error && "code" in error;
  return isSystemError ? String(error.code) : undefined;
}
