/** Messages of a conversation as the domain sees them: immutable plain data that can be stored as JSON. */

/** Who wrote a message. */
export type Role = "system" | "user" | "assistant" | "tool";

/** Where a piece of text came from; decides how far it is trusted. Untrusted text is never an instruction. */
export type Provenance = "operator" | "user" | "model" | "untrusted";

/** One piece of a message. */
export interface Part {
  readonly text: string;
  readonly provenance: Provenance;
}

/** A model's wish to call a tool; `argumentsJson` is what it wrote, not yet validated. */
export interface ToolCall {
  /** Unique within a run. */
  readonly id: string;
  readonly name: string;
  readonly argumentsJson: string;
}

/** One message. */
export interface Message {
  readonly role: Role;
  readonly parts: readonly Part[];
  /** Of an assistant that wants tools called. */
  readonly toolCalls?: readonly ToolCall[];
  /** Of a tool: the call it answers. */
  readonly toolCallId?: string;
}

/** Tokens of model calls. */
export interface Usage {
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly cachedInputTokens: number;
  readonly reasoningTokens: number;
  /** True when some of it is an estimate. */
  readonly estimated: boolean;
}

/** All text of a message. */
export function textOf(message: Message): string {
  const [first] = message.parts;
  if (message.parts.length === 1 && first !== undefined) return first.text;
  return message.parts.map(({ text }) => text).join("");
}
