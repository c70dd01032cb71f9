import type { Usage } from "@agentmesh/contracts/type/v1/types";

/** What all chunks of one streamed completion have in common. */
export interface ChunkHead {
  readonly id: string;
  /** Seconds since the epoch. */
  readonly created: number;
  readonly model: string;
  /** Whether a chunk of usage will follow: then all others carry `usage: null`. */
  readonly includeUsage: boolean;
}

/**
 * Writes the chunks of a streamed completion. What does not change from chunk to chunk is made into JSON once:
 * a stream has as many chunks as its answer has tokens.
 */
export class ChunkWriter {
  readonly #before: string;
  readonly #after: string;
  readonly #includeUsage: boolean;

  constructor({ id, created, model, includeUsage }: ChunkHead) {
    const head = JSON.stringify({ id, object: "chat.completion.chunk", created, model, system_fingerprint: null });
    this.#before = head.slice(0, -1);
    this.#after = includeUsage ? `,"usage":null}` : "}";
    this.#includeUsage = includeUsage;
  }

  /** The first chunk. */
  role(): string {
    return this.#delta('{"role":"assistant","content":""}', "null");
  }

  /** More text. */
  text(text: string): string {
    return this.#delta(`{"content":${JSON.stringify(text)}}`, "null");
  }

  /** A whole tool call. */
  toolCall(call: { index: number; id: string; name: string; argumentsJson: string }): string {
    const { index, id, name, argumentsJson } = call;
    const delta = { tool_calls: [{ index, id, type: "function", function: { name, arguments: argumentsJson } }] };
    return this.#delta(JSON.stringify(delta), "null");
  }

  /** The last chunk but usage. @param facts ours: run, cost, provider */
  finish(reason: string, facts: Readonly<Record<string, unknown>>): string {
    const choices = `"choices":[{"index":0,"delta":{},"logprobs":null,"finish_reason":"${reason}"}]`;
    return `${this.#before},${choices},"agentmesh":${JSON.stringify(facts)}${this.#after}`;
  }

  /** The chunk of usage; undefined when nobody asked for it. */
  usage(usage: Usage | undefined): string | undefined {
    if (!this.#includeUsage) return undefined;
    return `${this.#before},"choices":[],"usage":${JSON.stringify(usageOf(usage))}}`;
  }

  #delta(delta: string, finish: string): string {
    return `${this.#before},"choices":[{"index":0,"delta":${delta},"logprobs":null,"finish_reason":${finish}}]${this.#after}`;
  }
}

/** Tokens as OpenAI writes them. */
export function usageOf(usage: Usage | undefined) {
  const { inputTokens = 0n, outputTokens = 0n, cachedInputTokens = 0n, reasoningTokens = 0n } = usage ?? {};
  return {
    prompt_tokens: Number(inputTokens),
    completion_tokens: Number(outputTokens),
    total_tokens: Number(inputTokens + outputTokens),
    prompt_tokens_details: { cached_tokens: Number(cachedInputTokens) },
    completion_tokens_details: { reasoning_tokens: Number(reasoningTokens) },
  };
}
