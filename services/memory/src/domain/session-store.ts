import type { Message } from "./message.ts";
import type { Owner } from "./owner.ts";

/** A conversation without its messages. Times are milliseconds since the epoch. */
export interface Session {
  readonly id: string;
  /** Number of turns appended so far. */
  readonly version: number;
  readonly messageCount: number;
  readonly created: number;
  readonly updated: number;
  readonly expires: number;
}

/** A stored message. */
export interface SessionMessage {
  /** From 1, without gaps. */
  readonly position: number;
  readonly message: Message;
  readonly turnId: string;
  readonly created: number;
}

/** A turn that is to be appended. */
export interface NewTurn {
  readonly owner: Owner;
  readonly sessionId: string;
  readonly expectedVersion: number;
  readonly turnId: string;
  readonly messages: readonly { readonly message: Message; readonly tokens: number }[];
  readonly now: number;
  readonly expires: number;
}

/** How an append ended. `created`: the session is new. */
export type AppendOutcome =
  | { readonly kind: "stored"; readonly version: number; readonly created: boolean }
  | { readonly kind: "repeated"; readonly version: number }
  | { readonly kind: "conflict"; readonly currentVersion: number }
  | { readonly kind: "session_full" }
  | { readonly kind: "too_many_sessions" };

/** What there can be at most. */
export interface SessionLimits {
  readonly maxMessagesPerSession: number;
  readonly maxSessionsPerUser: number;
}

/** The most recent turns that fit. */
export interface Window {
  readonly messages: readonly Message[];
  /** 0: there is no such session. */
  readonly version: number;
  readonly truncated: boolean;
}

/** One page of a list and where the next one begins. */
export interface Page<Item> {
  readonly items: readonly Item[];
  /** undefined: there is no further page. */
  readonly next: Cursor | undefined;
}

/** A place in a list: what the last item was sorted by. */
export type Cursor = readonly number[];

/** How much of a list. */
export interface PageRequest {
  readonly size: number;
  readonly after: Cursor | undefined;
  readonly now: number;
}

/**
 * Keeps sessions. A session whose time is over is not there for any reader. An append that is based on a version read
 * before still succeeds until the session is swept, so that a turn that took long is not lost.
 */
export interface SessionStore {
  /** Appends all messages of a turn or none; positions follow each other without gaps. */
  append(turn: NewTurn): Promise<AppendOutcome>;
  window(
    owner: Owner,
    sessionId: string,
    options: { readonly maxTokens: number; readonly now: number },
  ): Promise<Window>;
  get(owner: Owner, sessionId: string, now: number): Promise<Session | undefined>;
  /** Last used first. */
  list(owner: Owner, page: PageRequest): Promise<Page<Session>>;
  /** In order; undefined: there is no such session. */
  messages(owner: Owner, sessionId: string, page: PageRequest): Promise<Page<SessionMessage> | undefined>;
  /** @returns whether there was one */
  delete(owner: Owner, sessionId: string, now: number): Promise<boolean>;
  /** Removes a limited part of what expired before. @returns how many sessions went, and whether more is left to do */
  sweep(expiredBefore: number): Promise<{ readonly sessions: number; readonly more: boolean }>;
  /** Sessions in the store. */
  count(): Promise<number>;
}
