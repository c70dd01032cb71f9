/** What can happen in a run. The journal of a run is the list of these, numbered 1, 2, 3 … without gaps. */
import type { Message, ToolCall, Usage } from "./message.ts";
import type { RunRequest } from "./run-request.ts";
import { noTotals, plusCost, plusModelCall, type Totals } from "./totals.ts";

/** The boundary at which a text was checked. */
export type Stage = "input" | "tool_arguments" | "tool_result" | "retrieved" | "output";

/** What a guardrail did with a text. */
export type Verdict = "allow" | "flag" | "redact" | "block";

/** One thing a guardrail noticed; never contains the matched content. */
export interface Finding {
  readonly detector: string;
  readonly category: string;
  readonly start: number;
  readonly end: number;
  readonly score: number;
  readonly action: Verdict;
  readonly explanation: string;
}

/** Why a model stopped. */
export type FinishReason = "stop" | "length" | "tool_calls" | "content_filter";

/** What a model answered. */
export interface ModelAnswer {
  readonly id: string;
  readonly message: Message;
  readonly finishReason: FinishReason;
  readonly model: string;
  readonly provider: string;
  readonly usage: Usage;
  readonly costNanoUsd: number;
  readonly routeReason: string;
  readonly attempts: number;
}

/** Why a run failed. */
export interface RunError {
  /** Stable reason of our catalogue or of the service that failed. */
  readonly reason: string;
  readonly message: string;
  /** Whether a new run with the same input may succeed. */
  readonly retryable: boolean;
}

/** A guardrail did something other than allow. */
export interface GuardrailActed {
  readonly kind: "guardrail_acted";
  /** Empty: the input. */
  readonly stepKey: string;
  readonly stage: Stage;
  readonly verdict: Verdict;
  readonly findings: readonly Finding[];
}

/** Memory was searched. */
export interface Recalled {
  readonly kind: "recalled";
  readonly stepKey: string;
  readonly truncated: boolean;
  /** Version of the session that was read; 0 when it did not exist. */
  readonly sessionVersion: number;
  readonly messages: readonly Message[];
}

/** A model answered. The text and arguments are those that may pass the guardrails. */
export interface ModelCalled {
  readonly kind: "model_called";
  readonly stepKey: string;
  readonly answer: ModelAnswer;
  /** The text was blocked and is not in `answer`. */
  readonly blockedOutput?: true;
  /** For a blocked answer: why and what to do instead; no part of the text. */
  readonly refusal?: string;
  /** For a blocked answer of which nothing was shown: the policy wants the model to be asked once more. */
  readonly retry?: true;
  /** Positions of tool calls whose arguments were blocked and are not in `answer`. */
  readonly blockedCalls?: readonly number[];
}

/** A tool answered, or was refused. */
export interface ToolCalled {
  readonly kind: "tool_called";
  readonly stepKey: string;
  readonly call: ToolCall;
  /** What it returned, as it may pass the guardrails; or why it failed. */
  readonly content: string;
  readonly isError: boolean;
  /** Empty unless `isError`. */
  readonly errorReason: string;
  readonly costNanoUsd: number;
}

/** How a run ended. */
export type Ending =
  | { readonly kind: "succeeded"; readonly output: Message; readonly totals: Totals }
  | { readonly kind: "failed"; readonly error: RunError; readonly totals: Totals }
  | { readonly kind: "cancelled"; readonly reason: string; readonly totals: Totals };

/** The run was accepted: the first event of every journal. */
export interface Acceptance {
  readonly kind: "accepted";
  readonly agentId: string;
  readonly agentVersion: string;
  readonly sessionId: string;
  readonly input: Message;
  /** What a worker needs besides; kept from watchers. */
  readonly request: RunRequest;
}

/** What an event says. */
export type EventBody =
  | Acceptance
  | { readonly kind: "started"; readonly attempt: number }
  | Recalled
  | ModelCalled
  | ToolCalled
  | GuardrailActed
  | Ending;

/** The results of effects: what a replay takes from the journal. */
export type StepBody = Recalled | ModelCalled | ToolCalled;

/** An event that is about to be recorded. */
export interface NewEvent {
  readonly body: EventBody;
  /** Hash of the input of the effect; empty for events that are not the result of one. */
  readonly inputHash: string;
  /** Milliseconds since the epoch. */
  readonly time: number;
}

/** A recorded event. */
export interface JournalEvent extends NewEvent {
  /** From 1, without gaps. */
  readonly seq: number;
}

/** How a journal begins; undefined when it is none. */
export function acceptanceOf(events: readonly JournalEvent[]): Acceptance | undefined {
  const body = events[0]?.body;
  return body?.kind === "accepted" ? body : undefined;
}

/** Whether an event is the result of an effect. */
export function isStep(body: EventBody): body is StepBody {
  return body.kind === "recalled" || body.kind === "model_called" || body.kind === "tool_called";
}

/** Whether an event is the last of its run. */
export function isEnding(body: EventBody): body is Ending {
  return body.kind === "succeeded" || body.kind === "failed" || body.kind === "cancelled";
}

/** The step an event belongs to; empty for events of the run as a whole. */
export function stepKeyOf(body: EventBody): string {
  return "stepKey" in body ? body.stepKey : "";
}

/** Totals after one more event. */
export function plusEvent(totals: Totals, body: EventBody): Totals {
  if (body.kind === "model_called") return plusModelCall(totals, body.answer);
  if (body.kind === "tool_called") return plusCost(totals, body.costNanoUsd);
  return totals;
}

/** What a run has used so far according to its events. */
export function totalsOf(events: readonly JournalEvent[]): Totals {
  return events.reduce((totals, { body }) => plusEvent(totals, body), noTotals);
}
