import type { DatabaseSync } from "node:sqlite";
import { errors } from "./errors.ts";

/**
 * Runs the migrations a file has not had yet, each in its own transaction; `user_version` counts them.
 * @throws DATA_NEWER_THAN_CODE when the file has had more than this code knows
 */
export function migrate(connection: DatabaseSync, migrations: readonly string[], store: string): void {
  const row = connection.prepare("PRAGMA user_version").get();
  const version = Number(row?.user_version ?? 0);
  if (version > migrations.length) {
    const message = `${store} has version ${version}, this code knows ${migrations.length}: start the newer version, or use another data folder.`;
    throw errors.DATA_NEWER_THAN_CODE({ message, metadata: { store } });
  }
  for (const [index, migration] of migrations.entries()) {
    if (index >= version) runMigration(connection, migration, index + 1);
  }
}

function runMigration(connection: DatabaseSync, migration: string, version: number): void {
  connection.exec("BEGIN");
  try {
    connection.exec(migration);
    connection.exec(`PRAGMA user_version = ${version}`);
    connection.exec("COMMIT");
  } catch (error) {
    if (connection.isTransaction) connection.exec("ROLLBACK");
    throw error;
  }
}
