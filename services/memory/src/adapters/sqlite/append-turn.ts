import type { Sql } from "@agentmesh/state";
import type { AppendOutcome, NewTurn, SessionLimits } from "../../domain/session-store.ts";
import { encodeMessage } from "./message-codec.ts";
import { removeSession } from "./remove-session.ts";

interface SessionRow {
  readonly key: number;
  readonly version: number;
  readonly messages: number;
  readonly tokens: number;
  readonly expires: number;
}

/** Appends a turn inside of one transaction: all of it or nothing. */
export function appendTurn(sql: Sql, turn: NewTurn, limits: SessionLimits): AppendOutcome {
  const found = sql.get<SessionRow>(
    "SELECT key, version, messages, tokens, expires FROM sessions WHERE tenant = ? AND user = ? AND id = ?",
    turn.owner.tenant,
    turn.owner.user,
    turn.sessionId,
  );
  const repeated = found === undefined ? undefined : storedVersion(sql, found.key, turn.turnId);
  if (repeated !== undefined) return { kind: "repeated", version: repeated };
  // Expired, but not swept: only a turn that was based on it still finds it.
  const isOver = found !== undefined && found.expires <= turn.now && turn.expectedVersion !== found.version;
  const session = isOver ? undefined : found;
  const currentVersion = session?.version ?? 0;
  if (currentVersion !== turn.expectedVersion) return { kind: "conflict", currentVersion };
  if ((session?.messages ?? 0) + turn.messages.length > limits.maxMessagesPerSession) return { kind: "session_full" };
  if (isOver) removeSession(sql, turn.owner, found.key);
  if (session === undefined && !countSession(sql, turn, limits.maxSessionsPerUser))
    return { kind: "too_many_sessions" };
  const key = session === undefined ? createSession(sql, turn) : session.key;
  storeTurn(sql, turn, {
    key,
    version: currentVersion,
    messages: session?.messages ?? 0,
    tokens: session?.tokens ?? 0,
  });
  return { kind: "stored", version: currentVersion + 1, created: session === undefined && !isOver };
}

function storedVersion(sql: Sql, session: number, turnId: string): number | undefined {
  return sql.get<{ version: number }>("SELECT version FROM turns WHERE session = ? AND id = ?", session, turnId)
    ?.version;
}

// Counts the new session, unless the user has as many as one can have.
function countSession(sql: Sql, { owner }: NewTurn, most: number): boolean {
  const { changes } = sql.run(
    "INSERT INTO owners (tenant, user, sessions) VALUES (?, ?, 1) ON CONFLICT DO UPDATE SET sessions = sessions + 1 WHERE sessions < ?",
    owner.tenant,
    owner.user,
    most,
  );
  return changes > 0;
}

function createSession(sql: Sql, { owner, sessionId, now, expires }: NewTurn): number {
  const created = sql.get<{ key: number }>(
    "INSERT INTO sessions (tenant, user, id, version, messages, tokens, created, updated, expires) VALUES (?, ?, ?, 0, 0, 0, ?, ?, ?) RETURNING key",
    owner.tenant,
    owner.user,
    sessionId,
    now,
    now,
    expires,
  );
  if (created === undefined) throw new Error("the new session has no key");
  return created.key;
}

function storeTurn(sql: Sql, turn: NewTurn, before: Omit<SessionRow, "expires">): void {
  const { key } = before;
  const version = before.version + 1;
  let tokens = before.tokens;
  let position = before.messages;
  sql.run(
    "INSERT INTO turns (session, version, id, first_position, tokens_before) VALUES (?, ?, ?, ?, ?)",
    key,
    version,
    turn.turnId,
    position + 1,
    tokens,
  );
  for (const entry of turn.messages) {
    position += 1;
    tokens += entry.tokens;
    sql.run(
      "INSERT INTO messages (session, position, version, created, body) VALUES (?, ?, ?, ?, ?)",
      key,
      position,
      version,
      turn.now,
      encodeMessage(entry.message),
    );
  }
  sql.run(
    "UPDATE sessions SET version = ?, messages = ?, tokens = ?, updated = ?, expires = ? WHERE key = ?",
    version,
    position,
    tokens,
    turn.now,
    turn.expires,
    key,
  );
}
