import type { FinishReason, Usage } from "../../domain/generation.ts";
import type { ProviderChunk, RawToolDelta } from "../../domain/ports.ts";
import { ProviderFailure } from "../../domain/provider-failure.ts";
import { failureOfErrorObject } from "./status-failure.ts";

/** JSON as it came: everything may be missing or of another type. */
type Loose = Readonly<Record<string, unknown>>;

const FINISH_REASONS: Readonly<Record<string, FinishReason>> = {
  stop: "stop",
  eos: "stop",
  end_turn: "stop",
  stop_sequence: "stop",
  length: "length",
  max_tokens: "length",
  tool_calls: "tool_calls",
  tool_use: "tool_calls",
  function_call: "tool_calls",
  content_filter: "content_filter",
};

const NO_TOOLS: readonly RawToolDelta[] = [];
// Larger counts are not tokens of one call but a fault, or an attempt to empty a budget.
const MOST_TOKENS = 100_000_000;

/**
 * Reads a chat completion, or one chunk of a streamed one.
 * @param json the text of the JSON
 * @param member where the message stands: whole in "message", in pieces in "delta"
 * @throws ProviderFailure for broken JSON, an error object, or an end that is not known to be a whole answer
 */
export function decodeAnswer(json: string, member: "message" | "delta"): ProviderChunk {
  const answer = parsed(json);
  if (answer.error !== undefined && answer.error !== null) throw failureOfErrorObject(answer.error, 0);
  const choice = firstChoice(answer);
  const message = recordOf(choice?.[member]);
  return {
    text: textOf(message),
    tools: toolsOf(message?.tool_calls, member === "message"),
    finishReason: finishReasonOf(choice?.finish_reason),
    usage: usageOf(answer.usage),
    model: typeof answer.model === "string" ? answer.model.slice(0, 256) : "",
  };
}

/** Reads JSON that must be an object. */
export function parsed(json: string): Loose {
  try {
    const value = recordOf(JSON.parse(json));
    if (value !== undefined) return value;
  } catch {
    // The parser's message quotes the text, which is content: not kept as a cause.
  }
  const facts = { worked: true, answerBytes: Buffer.byteLength(json) };
  throw new ProviderFailure("protocol", "the provider's answer is not valid JSON", facts);
}

/**
 * Reads `usage`; undefined when it is missing or makes no sense: then it is estimated, never taken for nothing.
 * @param writes whether something was written, whose tokens must be counted too
 */
export function usageOf(value: unknown, writes = true): Usage | undefined {
  const usage = recordOf(value);
  const inputTokens = countOf(usage?.prompt_tokens);
  if (usage === undefined || inputTokens === undefined || inputTokens === 0) return undefined;
  const outputTokens = countOf(usage.completion_tokens ?? (writes ? undefined : 0));
  if (outputTokens === undefined) return undefined;
  const cached = countOf(recordOf(usage.prompt_tokens_details)?.cached_tokens) ?? 0;
  const reasoning = countOf(recordOf(usage.completion_tokens_details)?.reasoning_tokens) ?? 0;
  return {
    inputTokens,
    outputTokens,
    cachedInputTokens: Math.min(cached, inputTokens),
    reasoningTokens: Math.min(reasoning, outputTokens),
    estimated: false,
  };
}

function recordOf(value: unknown): Loose | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Loose) : undefined;
}

function countOf(value: unknown): number | undefined {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= MOST_TOKENS
    ? (value as number)
    : undefined;
}

// We never ask for more than one answer; a chunk with usage has none.
function firstChoice(answer: Loose): Loose | undefined {
  const { choices } = answer;
  return Array.isArray(choices) ? recordOf(choices.find((choice) => (recordOf(choice)?.index ?? 0) === 0)) : undefined;
}

// A refusal is what the model says to the user, in a field of its own.
function textOf(message: Loose | undefined): string {
  if (message === undefined) return "";
  const { content, refusal } = message;
  const text = typeof content === "string" ? content : Array.isArray(content) ? content.map(partText).join("") : "";
  return typeof refusal === "string" ? text + refusal : text;
}

function partText(part: unknown): string {
  const text = recordOf(part)?.text;
  return typeof text === "string" ? text : "";
}

function toolsOf(value: unknown, whole: boolean): readonly RawToolDelta[] {
  if (!Array.isArray(value) || value.length === 0) return NO_TOOLS;
  return value.map((item, position) => {
    const call = recordOf(item);
    const called = recordOf(call?.function);
    return {
      index: whole ? position : countOf(call?.index),
      id: stringOf(call?.id),
      name: stringOf(called?.name),
      argumentsDelta: argumentsOf(called?.arguments),
    };
  });
}

// Some servers send the arguments as an object in place of its text.
function argumentsOf(value: unknown): string {
  return typeof value === "string" ? value : recordOf(value) === undefined ? "" : JSON.stringify(value);
}

function stringOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

// An end that we do not know might be a cut: it must not pass as a whole answer.
function finishReasonOf(value: unknown): FinishReason | undefined {
  if (value === null || value === undefined || value === "") return undefined;
  const reason = typeof value === "string" && Object.hasOwn(FINISH_REASONS, value) ? FINISH_REASONS[value] : undefined;
  if (reason === undefined)
    throw new ProviderFailure("protocol", "the provider stopped for an unknown reason", { worked: true });
  return reason;
}
