import type { Database, Sql } from "@agentmesh/state";
import type { Owner } from "../../domain/owner.ts";
import type {
  AppendOutcome,
  NewTurn,
  Page,
  PageRequest,
  Session,
  SessionLimits,
  SessionMessage,
  SessionStore,
  Window,
} from "../../domain/session-store.ts";
import { appendTurn } from "./append-turn.ts";
import { decodeMessage } from "./message-codec.ts";
import { removeRemains, removeSession } from "./remove-session.ts";

const SWEPT_AT_ONCE = 20;
const NO_WINDOW: Window = { messages: [], version: 0, truncated: false };

interface SessionRow {
  readonly key: number;
  readonly id: string;
  readonly version: number;
  readonly messages: number;
  readonly tokens: number;
  readonly created: number;
  readonly updated: number;
  readonly expires: number;
}

/** Sessions in SQLite. */
export class SqliteSessionStore implements SessionStore {
  readonly #database: Database;
  readonly #limits: SessionLimits;

  constructor(database: Database, limits: SessionLimits) {
    this.#database = database;
    this.#limits = limits;
  }

  append(turn: NewTurn): Promise<AppendOutcome> {
    return this.#database.write((sql) => appendTurn(sql, turn, this.#limits));
  }

  window(owner: Owner, sessionId: string, { maxTokens, now }: { maxTokens: number; now: number }): Promise<Window> {
    return this.#database.read((sql) => {
      const session = find(sql, owner, sessionId, now);
      return session === undefined ? NO_WINDOW : readWindow(sql, session, maxTokens);
    });
  }

  get(owner: Owner, sessionId: string, now: number): Promise<Session | undefined> {
    return this.#database.read((sql) => {
      const row = find(sql, owner, sessionId, now);
      return row === undefined ? undefined : sessionOf(row);
    });
  }

  list(owner: Owner, { size, after, now }: PageRequest): Promise<Page<Session>> {
    return this.#database.read((sql) => {
      const [updated = Number.MAX_SAFE_INTEGER, key = Number.MAX_SAFE_INTEGER] = after ?? [];
      const rows = sql.all<SessionRow>(
        "SELECT * FROM sessions WHERE tenant = ? AND user = ? AND (updated, key) < (?, ?) AND expires > ? ORDER BY updated DESC, key DESC LIMIT ?",
        owner.tenant,
        owner.user,
        updated,
        key,
        now,
        size + 1,
      );
      return pageOf(rows, size, sessionOf, (row) => [row.updated, row.key]);
    });
  }

  messages(owner: Owner, sessionId: string, page: PageRequest): Promise<Page<SessionMessage> | undefined> {
    return this.#database.read((sql) => {
      const session = find(sql, owner, sessionId, page.now);
      if (session === undefined) return undefined;
      const rows = sql.all<MessageRow>(
        "SELECT m.position, m.created, m.body, t.id AS turn FROM messages m JOIN turns t ON t.session = m.session AND t.version = m.version WHERE m.session = ? AND m.position > ? ORDER BY m.position LIMIT ?",
        session.key,
        page.after?.[0] ?? 0,
        page.size + 1,
      );
      return pageOf(rows, page.size, messageOf, (row) => [row.position]);
    });
  }

  delete(owner: Owner, sessionId: string, now: number): Promise<boolean> {
    return this.#database.write((sql) => {
      const session = find(sql, owner, sessionId, now);
      if (session !== undefined) removeSession(sql, owner, session.key);
      return session !== undefined;
    });
  }

  sweep(expiredBefore: number): Promise<{ sessions: number; more: boolean }> {
    return this.#database.write((sql) => {
      if (removeRemains(sql)) return { sessions: 0, more: true };
      const expired = sql.all<Owner & { key: number; messages: number }>(
        "SELECT key, tenant, user, messages FROM sessions WHERE expires <= ? ORDER BY expires LIMIT ?",
        expiredBefore,
        SWEPT_AT_ONCE,
      );
      let sessions = 0;
      let messages = 0;
      for (const session of expired) {
        if (sessions > 0 && messages + session.messages > 2_000) break;
        removeSession(sql, session, session.key);
        sessions += 1;
        messages += session.messages;
      }
      return { sessions, more: expired.length > 0 };
    });
  }

  count(): Promise<number> {
    return this.#database.read(
      (sql) => sql.get<{ count: number }>("SELECT count(*) AS count FROM sessions")?.count ?? 0,
    );
  }
}

interface MessageRow {
  readonly position: number;
  readonly created: number;
  readonly body: string;
  readonly turn: string;
}

function find(sql: Sql, owner: Owner, sessionId: string, now: number): SessionRow | undefined {
  return sql.get<SessionRow>(
    "SELECT * FROM sessions WHERE tenant = ? AND user = ? AND id = ? AND expires > ?",
    owner.tenant,
    owner.user,
    sessionId,
    now,
  );
}

// Two searches by key and the messages themselves: what it costs does not grow with the session.
function readWindow(sql: Sql, session: SessionRow, maxTokens: number): Window {
  const first = sql.get<{ first_position: number }>(
    "SELECT first_position FROM turns WHERE session = ? AND tokens_before >= ? ORDER BY tokens_before LIMIT 1",
    session.key,
    session.tokens - maxTokens,
  );
  const { version } = session;
  if (first === undefined) return { messages: [], version, truncated: true };
  const rows = sql.all<{ body: string }>(
    "SELECT body FROM messages WHERE session = ? AND position >= ? ORDER BY position",
    session.key,
    first.first_position,
  );
  return { messages: rows.map(({ body }) => decodeMessage(body)), version, truncated: first.first_position > 1 };
}

function pageOf<Row, Item>(
  rows: readonly Row[],
  size: number,
  item: (row: Row) => Item,
  cursor: (row: Row) => number[],
): Page<Item> {
  const shown = rows.length > size ? rows.slice(0, size) : rows;
  const last = shown.at(-1);
  return { items: shown.map(item), next: rows.length > size && last !== undefined ? cursor(last) : undefined };
}

function sessionOf({ id, version, messages, created, updated, expires }: SessionRow): Session {
  return { id, version, messageCount: messages, created, updated, expires };
}

function messageOf({ position, created, body, turn }: MessageRow): SessionMessage {
  return { position, message: decodeMessage(body), turnId: turn, created };
}
