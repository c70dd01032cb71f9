/** State engines. Today: embedded SQLite with group commit. */
export type { Database, DatabaseOptions, Sql, SqlValue } from "./database.ts";
export { errors as stateErrors } from "./errors.ts";
export { openDatabase } from "./open.ts";
