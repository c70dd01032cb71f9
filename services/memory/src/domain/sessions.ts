import { errors } from "../errors.ts";
import type { MemoryMetrics } from "../metrics.ts";
import { estimateTokens, MAX_MESSAGE_BYTES, type Message, sizeOf } from "./message.ts";
import type { Owner } from "./owner.ts";
import { decodePageToken, encodePageToken } from "./page-token.ts";
import type { AppendOutcome, Session, SessionMessage, SessionStore, Window } from "./session-store.ts";

const SESSION_ID = /^[a-zA-Z0-9._:-]{1,128}$/;
const MAX_TURN_MESSAGES = 256;
const SHORTEST_TTL_MS = 60_000;
const LONGEST_TTL_MS = 90 * 86_400_000;
const MAX_WINDOW_TOKENS = 1_000_000;
const DEFAULT_WINDOW_TOKENS = 8_000;

/** What the domain of sessions works with. */
export interface SessionsOptions {
  readonly store: SessionStore;
  readonly clock: () => number;
  readonly metrics: MemoryMetrics;
  /** For turns that do not say, in milliseconds. */
  readonly defaultTimeToLiveMs: number;
}

/** A turn as a caller gives it. */
export interface Turn {
  readonly sessionId: string;
  readonly expectedVersion: number;
  readonly turnId: string;
  readonly messages: readonly Message[];
  /** undefined: the default. */
  readonly timeToLiveMs: number | undefined;
}

/** A page of a list as a caller asks for it; size 0: the default. */
export interface ListRequest {
  readonly pageSize: number;
  readonly pageToken: string;
}

/** A page of a list with the token for the next one, "" when there is none. */
export interface ListResult<Item> {
  readonly items: readonly Item[];
  readonly nextPageToken: string;
}

/** The rules of sessions: what may be stored, for how long, and how it is read. */
export class Sessions {
  readonly #options: SessionsOptions;

  constructor(options: SessionsOptions) {
    this.#options = options;
  }

  /** @throws SESSION_NOT_FOUND, INVALID_REQUEST */
  async get(owner: Owner, sessionId: string): Promise<Session> {
    requireSessionId(sessionId);
    const session = await this.#options.store.get(owner, sessionId, this.#options.clock());
    if (session === undefined) throw errors.SESSION_NOT_FOUND();
    return session;
  }

  /** @throws INVALID_REQUEST */
  async list(owner: Owner, { pageSize, pageToken }: ListRequest): Promise<ListResult<Session>> {
    const size = pageSizeOf(pageSize, { standard: 50, most: 200 });
    const after = decodePageToken(pageToken, "sessions", 2);
    const { items, next } = await this.#options.store.list(owner, { size, after, now: this.#options.clock() });
    return { items, nextPageToken: encodePageToken("sessions", next) };
  }

  /** @throws SESSION_NOT_FOUND, INVALID_REQUEST */
  async messages(owner: Owner, sessionId: string, request: ListRequest): Promise<ListResult<SessionMessage>> {
    requireSessionId(sessionId);
    const size = pageSizeOf(request.pageSize, { standard: 100, most: 500 });
    const after = decodePageToken(request.pageToken, "messages", 1);
    const page = await this.#options.store.messages(owner, sessionId, { size, after, now: this.#options.clock() });
    if (page === undefined) throw errors.SESSION_NOT_FOUND();
    return { items: page.items, nextPageToken: encodePageToken("messages", page.next) };
  }

  /**
   * The most recent whole turns that fit, oldest first.
   * @param maxTokens 0: 8,000
   * @throws INVALID_REQUEST
   */
  async window(owner: Owner, sessionId: string, maxTokens: number): Promise<Window> {
    requireSessionId(sessionId);
    if (maxTokens < 0 || maxTokens > MAX_WINDOW_TOKENS) {
      throw invalid("max_tokens", `must be 0 to ${MAX_WINDOW_TOKENS}; it is ${maxTokens}`);
    }
    const options = { maxTokens: maxTokens === 0 ? DEFAULT_WINDOW_TOKENS : maxTokens, now: this.#options.clock() };
    return this.#options.store.window(owner, sessionId, options);
  }

  /**
   * Appends a turn, once however often it is asked for.
   * @returns the session's version after the turn
   * @throws VERSION_CONFLICT, SESSION_FULL, TOO_MANY_SESSIONS, INVALID_MESSAGE, INVALID_REQUEST
   */
  async append(owner: Owner, turn: Turn): Promise<number> {
    const { store, clock, metrics } = this.#options;
    const timeToLiveMs = this.#requireTurn(turn);
    const now = clock();
    const { sessionId, expectedVersion, turnId } = turn;
    const messages = turn.messages.map((message) => ({ message, tokens: estimateTokens(message) }));
    const outcome = await store.append({
      owner,
      sessionId,
      expectedVersion,
      turnId,
      messages,
      now,
      expires: now + timeToLiveMs,
    });
    metrics.turns.add(1, { outcome: labelOf(outcome) });
    if (outcome.kind === "stored" && outcome.created) metrics.sessions.add(1);
    return versionOf(outcome, expectedVersion);
  }

  /** @throws SESSION_NOT_FOUND, INVALID_REQUEST */
  async delete(owner: Owner, sessionId: string): Promise<void> {
    requireSessionId(sessionId);
    if (!(await this.#options.store.delete(owner, sessionId, this.#options.clock()))) throw errors.SESSION_NOT_FOUND();
    this.#options.metrics.sessions.add(-1);
  }

  // @returns the time to live
  #requireTurn({ sessionId, expectedVersion, turnId, messages, timeToLiveMs }: Turn): number {
    requireSessionId(sessionId);
    if (turnId === "" || turnId.length > 64) throw invalid("turn_id", "must be 1 to 64 characters long");
    if (!Number.isSafeInteger(expectedVersion) || expectedVersion < 0) {
      throw invalid("expected_version", "must be 0 or more");
    }
    if (messages.length === 0 || messages.length > MAX_TURN_MESSAGES) {
      throw invalidMessage("messages", `must hold 1 to ${MAX_TURN_MESSAGES} messages; there are ${messages.length}`);
    }
    for (const [index, message] of messages.entries()) requireMessage(message, `messages[${index}]`);
    if (timeToLiveMs === undefined) return this.#options.defaultTimeToLiveMs;
    if (!(timeToLiveMs >= SHORTEST_TTL_MS && timeToLiveMs <= LONGEST_TTL_MS)) {
      throw invalid("time_to_live", "must be 60 s to 90 days");
    }
    return timeToLiveMs;
  }
}

function requireMessage(message: Message, field: string): void {
  const bytes = sizeOf(message);
  if (bytes > MAX_MESSAGE_BYTES) throw invalidMessage(field, `has ${bytes} bytes; at most ${MAX_MESSAGE_BYTES}`);
  if (message.role === "tool" && message.toolCallId === "") {
    throw invalidMessage(`${field}.tool_call_id`, "must name the call that a message of a tool answers");
  }
}

function requireSessionId(sessionId: string): void {
  if (!SESSION_ID.test(sessionId)) {
    throw invalid("session_id", "must be 1 to 128 characters of a-z A-Z 0-9 . _ : -");
  }
}

function pageSizeOf(asked: number, { standard, most }: { standard: number; most: number }): number {
  if (asked < 0 || asked > most) throw invalid("page_size", `must be 0 to ${most}; it is ${asked}`);
  return asked === 0 ? standard : asked;
}

function labelOf({ kind }: AppendOutcome): string {
  return kind === "session_full" || kind === "too_many_sessions" ? "refused" : kind;
}

function versionOf(outcome: AppendOutcome, expectedVersion: number): number {
  switch (outcome.kind) {
    case "stored":
    case "repeated":
      return outcome.version;
    case "conflict":
      throw errors.VERSION_CONFLICT({
        message: `The session has version ${outcome.currentVersion}, not ${expectedVersion}.`,
        metadata: { current_version: String(outcome.currentVersion) },
      });
    case "session_full":
      throw errors.SESSION_FULL();
    case "too_many_sessions":
      throw errors.TOO_MANY_SESSIONS();
  }
}

function invalid(field: string, description: string) {
  return errors.INVALID_REQUEST({ message: `${field} ${description}.`, fields: [{ field, description }] });
}

function invalidMessage(field: string, description: string) {
  return errors.INVALID_MESSAGE({ message: `${field} ${description}.`, fields: [{ field, description }] });
}
