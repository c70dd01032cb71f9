/** Who wrote a message. */
export type Role = "system" | "user" | "assistant" | "tool";
/** Where a part came from. */
export type Provenance = "unknown" | "operator" | "user" | "model" | "untrusted";

/** A message of a conversation. */
export interface Message {
  readonly role: Role;
  readonly parts: readonly { readonly text: string; readonly provenance: Provenance }[];
  readonly toolCalls: readonly { readonly id: string; readonly name: string; readonly argumentsJson: string }[];
  /** For role "tool": the id of the call it answers; otherwise "". */
  readonly toolCallId: string;
}

/** Most bytes of UTF-8 of one message. */
export const MAX_MESSAGE_BYTES = 262_144;

/** What the roles and brackets around a message and around a tool call cost. */
const TOKENS_AROUND = 4;
const BYTES_PER_TOKEN = 4;

/** The bytes of UTF-8 of all texts of a message. */
export function sizeOf({ parts, toolCalls, toolCallId }: Message): number {
  let bytes = toolCallId.length;
  for (const { text } of parts) bytes += Buffer.byteLength(text);
  for (const { id, name, argumentsJson } of toolCalls) {
    bytes += id.length + name.length + Buffer.byteLength(argumentsJson);
  }
  return bytes;
}

/**
 * Estimates the tokens of a message: a token for four bytes of UTF-8, four for each message and each tool call.
 * Models differ; for English text this is within some 20 % of what they count, for other scripts it is rather too much.
 */
export function estimateTokens(message: Message): number {
  return Math.ceil(sizeOf(message) / BYTES_PER_TOKEN) + TOKENS_AROUND * (1 + message.toolCalls.length);
}
