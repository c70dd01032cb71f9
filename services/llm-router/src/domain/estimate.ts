/**
 * Token counts without a tokenizer: one costs more CPU than the whole call, and every provider has its own. So
 * there are bounds and a typical figure, each for its own purpose.
 */
import type { Usage } from "./generation.ts";

// English text and JSON have 3.5 to 4.5 bytes per token in the tokenizers in use.
const TYPICAL_BYTES_PER_TOKEN = 4;
const MOST_BYTES_PER_TOKEN = 7;
// Chat templates add a few tokens around a prompt that no byte of the request stands for.
const TEMPLATE_TOKENS = 64;

/** What a text of so many bytes has in tokens, typically. */
export function typicalTokens(bytes: number): number {
  return Math.ceil(bytes / TYPICAL_BYTES_PER_TOKEN);
}

/** What a text of so many bytes has at least, short of texts made to be odd: enough to refuse what cannot fit. */
export function fewestTokens(bytes: number): number {
  return Math.floor(bytes / MOST_BYTES_PER_TOKEN);
}

/**
 * The most tokens a prompt can have whose JSON has so many bytes of UTF-8: every token of a byte-level tokenizer
 * stands for at least one byte, and the JSON around a message is longer than what a chat template puts there.
 */
export function mostTokens(bytes: number): number {
  return bytes + TEMPLATE_TOKENS;
}

/** Usage when the provider reported none. */
export function estimatedUsage(promptBytes: number, answerBytes: number): Usage {
  return {
    inputTokens: typicalTokens(promptBytes),
    outputTokens: typicalTokens(answerBytes),
    cachedInputTokens: 0,
    reasoningTokens: 0,
    estimated: true,
  };
}
