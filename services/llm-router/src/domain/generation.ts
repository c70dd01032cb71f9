/** What a model answered. */
import type { ToolCall } from "./prompt.ts";

/** Why a model stopped. */
export type FinishReason = "stop" | "length" | "tool_calls" | "content_filter";

/** Tokens of one call. */
export interface Usage {
  /** Of the prompt, cached ones included. */
  readonly inputTokens: number;
  /** Of the answer, reasoning included. */
  readonly outputTokens: number;
  readonly cachedInputTokens: number;
  readonly reasoningTokens: number;
  /** True when the provider reported nothing. */
  readonly estimated: boolean;
}

/** A whole answer. */
export interface Generation {
  readonly id: string;
  readonly text: string;
  readonly toolCalls: readonly ToolCall[];
  readonly finishReason: FinishReason;
  /** As the provider names it. */
  readonly model: string;
  readonly provider: string;
  readonly usage: Usage;
  /** Nano-US-dollars, as settled. */
  readonly cost: bigint;
  readonly routeReason: string;
  readonly attempts: number;
}

/** More of a tool call; id and name only in its first delta. */
export interface ToolCallDelta {
  readonly index: number;
  readonly id: string;
  readonly name: string;
  readonly argumentsDelta: string;
}

/** A part of a streamed answer. The last of a successful one is "completed". */
export type GenerationEvent =
  | { readonly kind: "started"; readonly id: string; readonly model: string; readonly provider: string }
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "tool"; readonly delta: ToolCallDelta }
  | { readonly kind: "completed"; readonly generation: Generation };
