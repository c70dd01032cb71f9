import type { Sql } from "@agentmesh/state";
import type { Owner } from "../../domain/owner.ts";

/** Most messages or turns that one operation removes, so that none takes long. */
const MOST_ROWS = 2_000;

/** Removes a session at once; of its messages a limited part, the rest is left to `removeRemains`. */
export function removeSession(sql: Sql, owner: Owner, key: number): void {
  sql.run("DELETE FROM sessions WHERE key = ?", key);
  sql.run("UPDATE owners SET sessions = sessions - 1 WHERE tenant = ? AND user = ?", owner.tenant, owner.user);
  sql.run("DELETE FROM owners WHERE tenant = ? AND user = ? AND sessions <= 0", owner.tenant, owner.user);
  if (!removeRows(sql, key)) sql.run("INSERT INTO remains (session) VALUES (?)", key);
}

/** Goes on with sessions of which something remained. @returns whether anything may be left */
export function removeRemains(sql: Sql): boolean {
  const remains = sql.get<{ session: number }>("SELECT session FROM remains LIMIT 1");
  if (remains === undefined) return false;
  if (removeRows(sql, remains.session)) sql.run("DELETE FROM remains WHERE session = ?", remains.session);
  return true;
}

// @returns whether nothing is left
function removeRows(sql: Sql, session: number): boolean {
  const messages = sql.run(
    "DELETE FROM messages WHERE session = ? AND position < (SELECT min(position) FROM messages WHERE session = ?) + ?",
    session,
    session,
    MOST_ROWS,
  );
  const turns = sql.run(
    "DELETE FROM turns WHERE session = ? AND version < (SELECT min(version) FROM turns WHERE session = ?) + ?",
    session,
    session,
    MOST_ROWS,
  );
  return messages.changes < MOST_ROWS && turns.changes < MOST_ROWS;
}
