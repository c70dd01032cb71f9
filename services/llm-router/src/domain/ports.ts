/** What the rules of this service need from the world. */
import type { CallScope, PrincipalCredential } from "@agentmesh/rpc/scope";
import type { Span } from "@agentmesh/telemetry";
import type { FinishReason, Usage } from "./generation.ts";
import type { Attribution, Prompt } from "./prompt.ts";

/** A hold to be taken. */
export interface HoldOrder {
  readonly holdId: string;
  /** Nano-US-dollars. */
  readonly amount: bigint;
  readonly type: "model" | "embedding";
  /** The model, as the catalogue names it. */
  readonly resource: string;
  readonly attribution: Attribution;
  readonly timeToLiveMs: number;
}

/** A hold to be settled. */
export interface SettleOrder {
  readonly holdId: string;
  readonly amount: bigint;
  readonly usage: Usage;
}

/** For whom and under which span something is booked after the call that caused it may have ended. */
export interface Booking {
  readonly credential: PrincipalCredential | undefined;
  readonly span: Span | undefined;
}

/** The budgets, kept by the cost service. */
export interface Holds {
  /** Takes a hold within the caller's scope. Rejects with the cost service's own error when it is refused. */
  hold(scope: CallScope, order: HoldOrder): Promise<void>;
  /** Whether an error of `hold` was a decision: false when the hold may exist all the same. */
  refused(error: unknown): boolean;
  /** Books what was spent. "gone": no such hold is open, trying again is of no use. Rejects when it may help. */
  settle(booking: Booking, order: SettleOrder): Promise<"done" | "gone">;
  /** Gives a hold back. As `settle`. */
  release(booking: Booking, holdId: string): Promise<"done" | "gone">;
}

/** A prompt in the provider's form, made once and used for every try. */
export interface EncodedPrompt {
  /** Members of a JSON object, without the braces. */
  readonly json: string;
  /** Their length in UTF-8. */
  readonly bytes: number;
}

/** Makes prompts ready to be sent. */
export interface PromptCodec {
  encode(prompt: Prompt): EncodedPrompt;
}

/** One try. */
export interface ProviderCall {
  readonly encoded: EncodedPrompt;
  /** The model as the provider knows it. */
  readonly upstreamModel: string;
  readonly maxOutputTokens: number;
  readonly limits: ProviderLimits;
}

/** When a try must end. */
export interface ProviderLimits {
  readonly signal: AbortSignal;
  /** Epoch milliseconds; Infinity when only the signal ends the try. */
  readonly deadline: number;
}

/** A piece of a tool call as a provider sends it: anything may be missing. */
export interface RawToolDelta {
  readonly index: number | undefined;
  readonly id: string;
  readonly name: string;
  readonly argumentsDelta: string;
}

/** A piece of an answer; a whole answer is one piece. */
export interface ProviderChunk {
  readonly text: string;
  readonly tools: readonly RawToolDelta[];
  readonly finishReason: FinishReason | undefined;
  readonly usage: Usage | undefined;
  /** The model as the provider names it, "" when it does not. */
  readonly model: string;
}

/** Vectors as a provider sent them, in the order of the inputs. */
export interface ProviderVectors {
  readonly vectors: readonly (readonly number[])[];
  readonly usage: Usage | undefined;
  readonly model: string;
}

/** Somebody who runs models. All methods reject with ProviderFailure and nothing else. */
export interface Provider {
  readonly name: string;
  generate(call: ProviderCall): Promise<ProviderChunk>;
  /** Ends without an error when the provider ended the stream in order; the caller checks for a finish reason. */
  stream(call: ProviderCall): AsyncIterable<ProviderChunk>;
  embed(call: { upstreamModel: string; inputs: readonly string[]; limits: ProviderLimits }): Promise<ProviderVectors>;
}
