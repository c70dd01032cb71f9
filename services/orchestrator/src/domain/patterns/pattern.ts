import type { DomainError } from "@agentmesh/rpc/domain-error";
import type { Message, ToolCall } from "../message.ts";

/** A tool call a model asks for. `blocked`: a guardrail refused its arguments, so it gets an error instead of a result. */
export interface PlannedCall {
  readonly call: ToolCall;
  readonly blocked: boolean;
}

/** What came of a model call. An invalid answer has already been fed back; the next turn may do better. */
export type Thought =
  | { readonly kind: "answer"; readonly message: Message }
  | { readonly kind: "calls"; readonly calls: readonly PlannedCall[] }
  | { readonly kind: "invalid" };

/** One turn of a run. Everything in it is recorded: after a crash the same calls return what they returned before. */
export interface Turn {
  /** From 1. */
  readonly number: number;
  /** Asks the model to go on from the conversation so far. */
  think(tools: "auto" | "none"): Promise<Thought>;
  /** Carries calls out, all at once; their results join the conversation in the order of the calls. */
  act(calls: readonly PlannedCall[]): Promise<void>;
}

/** A run as a pattern sees it. */
export interface DurableRun {
  /** At most as many turns as the agent allows; each checks deadline and cancellation first. */
  turns(): Iterable<Turn>;
  /** What to throw when the turns are used up. */
  outOfTurns(): DomainError;
}

/**
 * How an agent gets from a question to an answer: a plain async function. It must be deterministic apart from what its
 * turns return: no clock, no randomness, no I/O of its own.
 */
export type Pattern = (run: DurableRun) => Promise<Message>;
