/** What a run needs from the other services. All methods take the scope of the step they work for. */
import type { CallScope } from "@agentmesh/rpc/scope";
import type { Finding, JournalEvent, ModelAnswer, Stage, Verdict } from "./events.ts";
import type { Message } from "./message.ts";

/** A service answered with a typed error. */
export class DependencyError extends Error {
  override readonly name = "DependencyError";
  /** Stable reason of the service's catalogue, or the gRPC code's name when it gave none. */
  readonly reason: string;
  /** Whether the same may succeed later. */
  readonly retryable: boolean;
  readonly metadata: Readonly<Record<string, string>>;

  constructor(
    message: string,
    details: { reason: string; retryable: boolean; metadata: Readonly<Record<string, string>>; cause?: unknown },
  ) {
    super(message, { cause: details.cause });
    this.reason = details.reason;
    this.retryable = details.retryable;
    this.metadata = details.metadata;
  }
}

/** A tool as the registry describes it. */
export interface ToolInfo {
  readonly name: string;
  readonly description: string;
  /** JSON Schema of the arguments. */
  readonly parameters: Readonly<Record<string, unknown>>;
  /** Scope a principal needs; empty: none. */
  readonly requiredScope: string;
  readonly priceNanoUsd: number;
}

/** On whose account something is done. */
export interface Attribution {
  readonly agentId: string;
  readonly runId: string;
  readonly stepKey: string;
  /** Cap over everything the run spends. */
  readonly runLimitNanoUsd: number | undefined;
}

/** What a model is asked. */
export interface ModelRequest {
  readonly model: string;
  readonly messages: readonly Message[];
  readonly tools: readonly ToolInfo[];
  /** Whether it may call them. */
  readonly toolChoice: "auto" | "none";
  readonly temperature: number;
  readonly maxOutputTokens: number | undefined;
  readonly attribution: Attribution;
}

/** Model calls; held and settled by whoever implements this. */
export interface Models {
  generate(scope: CallScope, request: ModelRequest): Promise<ModelAnswer>;
  /** The same, handing out text as it is written. */
  stream(scope: CallScope, request: ModelRequest, onText: (text: string) => void): Promise<ModelAnswer>;
}

/** A text to check. */
export interface CheckedContent {
  readonly stage: Stage;
  readonly text: string;
}

/** What may happen with a text. */
export interface CheckResult {
  readonly verdict: Verdict;
  /** The text that may pass: redacted where needed, empty when blocked. */
  readonly text: string;
  readonly findings: readonly Finding[];
  /** For a blocked text: why and what to do instead, in sentences; never a part of the text. */
  readonly refusal?: string;
  /** For a blocked text: the policy wants the model to be asked once more. */
  readonly retry?: true;
}

/** What an answer was made from, for policies that compare the two. */
export interface AnswerContext {
  readonly systemPrompt: string;
  /** What tools and memory returned. */
  readonly passages: readonly string[];
  /** The latest the user wrote. */
  readonly question: string;
}

/** A text that is checked while it is written. */
export interface StreamCheck<T> {
  readonly policy: string;
  readonly stage: Stage;
  /** What the text is made from; asked for only when the policy makes use of it. */
  readonly context?: () => AnswerContext;
  /** Writes the text. Its signal is aborted when nothing more may pass. */
  readonly produce: (scope: CallScope, write: (text: string) => void) => Promise<T>;
  /** Told of text that may pass. */
  readonly passed: (text: string) => void;
}

/** Guardrails. */
export interface Guardrail {
  /**
   * One result per text, in order.
   * @param context what texts of stage "output" were made from; asked for only when the policy makes use of it
   */
  check(
    scope: CallScope,
    policy: string,
    contents: readonly CheckedContent[],
    context?: () => AnswerContext,
  ): Promise<readonly CheckResult[]>;
  /** Checks while writing. `value` is undefined when the text was blocked before its writer ended. */
  checkStream<T>(scope: CallScope, request: StreamCheck<T>): Promise<CheckResult & { readonly value: T | undefined }>;
}

/** The messages of a session that fit. */
export interface SessionWindow {
  readonly messages: readonly Message[];
  /** 0: the session does not exist yet. */
  readonly version: number;
  readonly truncated: boolean;
}

/** A turn to store. */
export interface SessionTurn {
  readonly sessionId: string;
  readonly expectedVersion: number;
  /** A repeat with the same id stores nothing. */
  readonly turnId: string;
  readonly messages: readonly Message[];
  readonly timeToLiveMs: number;
}

/** What became of a turn. */
export type SessionAppend = { readonly stored: true } | { readonly stored: false; readonly currentVersion: number };

/** Conversations. */
export interface Sessions {
  load(scope: CallScope, sessionId: string, maxTokens: number): Promise<SessionWindow>;
  /** Not stored when the session has another version by now. */
  append(scope: CallScope, turn: SessionTurn): Promise<SessionAppend>;
}

/** One call of a tool. */
export interface ToolExecution {
  readonly runId: string;
  readonly stepKey: string;
  readonly tool: string;
  readonly argumentsJson: string;
  readonly settings: Readonly<Record<string, unknown>> | undefined;
}

/** What a tool returned. */
export interface ToolResult {
  readonly content: string;
  readonly isError: boolean;
  /** For errors: INVALID_ARGUMENTS, TOOL_FAILED, TOOL_TIMEOUT, RESULT_TOO_LARGE. */
  readonly errorReason: string;
}

/** Tools; executed at most once per step. */
export interface Tools {
  /** In the order of the names. */
  list(scope: CallScope, names: readonly string[]): Promise<readonly ToolInfo[]>;
  execute(scope: CallScope, execution: ToolExecution): Promise<ToolResult>;
}

/** Money for tools. Idempotent by hold id. */
export interface Costs {
  hold(
    scope: CallScope,
    hold: { holdId: string; amountNanoUsd: number; resource: string; attribution: Attribution },
  ): Promise<void>;
  settle(scope: CallScope, holdId: string, amountNanoUsd: number): Promise<void>;
  release(scope: CallScope, holdId: string): Promise<void>;
}

/** Text of an answer that is being written. */
export interface LiveText {
  readonly kind: "delta" | "snapshot";
  readonly stepKey: string;
  readonly text: string;
  /** The last recorded event before it. */
  readonly afterSeq: number;
  /** Position after `afterSeq`, from 0. A snapshot has the position of the last delta it contains. */
  readonly index: number;
  readonly time: number;
}

/** What a watcher is told: the next event, more text, or that it must read the journal again before it goes on. */
export type FeedItem =
  | { readonly kind: "event"; readonly event: JournalEvent }
  | LiveText
  | { readonly kind: "resync" };

/** One watcher's place in the feed of a run. */
export interface FeedSubscription {
  /** The next item; undefined when the signal of the subscription was aborted. @throws what the feed ended with */
  next(): Promise<FeedItem | undefined>;
  close(): void;
}

/** Tells watchers what happens in runs, without a store in between. */
export interface RunFeed {
  /** Recorded events, in order. */
  publish(runId: string, events: readonly JournalEvent[]): void;
  /** More text of a step that is under way. */
  publishText(runId: string, text: { stepKey: string; text: string; afterSeq: number; time: number }): void;
  /** The first item is a resync. */
  subscribe(runId: string, signal: AbortSignal): FeedSubscription;
  /** Lets watchers of the chosen runs read the journal again: their events may be written elsewhere. */
  resync(chosen: (runId: string) => boolean): void;
  /** Ends the watchers of a run that is not carried out here any more. */
  fail(runId: string, error: unknown): void;
}
