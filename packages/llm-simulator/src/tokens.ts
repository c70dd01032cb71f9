import type { ChatRequest } from "./wire/chat-request.ts";

// OpenAI's rule of thumb for English; exact counts would need a tokenizer, and a simulator's tokens cost nothing.
const CHARACTERS_PER_TOKEN = 4;
const TOKENS_PER_MESSAGE = 4;
const TOKENS_PER_OTHER_PART = 85;

/** Tokens of a text: its characters divided by four, rounded up. */
export function countTokens(text: string): number {
  return Math.ceil(text.length / CHARACTERS_PER_TOKEN);
}

/** The longest beginning of a text that has at most this many tokens. */
export function firstTokens(text: string, tokens: number): string {
  const end = tokens * CHARACTERS_PER_TOKEN;
  // Not between the halves of a character outside the basic plane.
  return /[\uD800-\uDBFF]/.test(text[end - 1] ?? "") ? text.slice(0, end - 1) : text.slice(0, end);
}

/** Tokens of a request: its texts, four per message, and the tools' declaration. */
export function countPromptTokens(request: ChatRequest): number {
  let tokens = Math.ceil(request.toolCharacters / CHARACTERS_PER_TOKEN);
  for (const message of request.messages) {
    tokens += TOKENS_PER_MESSAGE + countTokens(message.text) + message.otherParts * TOKENS_PER_OTHER_PART;
    for (const call of message.toolCalls) tokens += countTokens(call.name) + countTokens(call.arguments);
  }
  return tokens;
}
