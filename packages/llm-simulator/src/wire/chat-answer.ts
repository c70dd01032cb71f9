import type { Decision, WantedCall } from "../behaviour/decision.ts";
import { countPromptTokens, countTokens, firstTokens } from "../tokens.ts";
import type { ChatRequest } from "./chat-request.ts";

/** Tokens of a request and its answer. */
export interface Usage {
  readonly promptTokens: number;
  readonly completionTokens: number;
}

/** An answer ready to be written in either form. */
export interface ChatAnswer {
  readonly id: string;
  /** Epoch seconds. */
  readonly created: number;
  readonly model: string;
  readonly text: string;
  readonly calls: readonly Required<WantedCall>[];
  readonly finishReason: string;
  /** Undefined: the answer reports none. */
  readonly usage: Usage | undefined;
}

/** What an answer is made of. */
export interface AnswerParts {
  readonly request: ChatRequest;
  readonly decision: Decision;
  readonly model: string;
  /** Number of the request, from which ids are made. */
  readonly sequence: number;
  readonly created: number;
  readonly withUsage: boolean;
}

/** Cuts a decision at stop texts and the token limit, and counts its tokens. */
export function makeAnswer({ request, decision, model, sequence, created, withUsage }: AnswerParts): ChatAnswer {
  const limited = limit(decision, request);
  const calls = limited.calls.map((call, i) => ({ ...call, id: call.id ?? `call_sim_${sequence}_${i}` }));
  const completionTokens = calls.reduce(
    (sum, call) => sum + countTokens(call.name) + countTokens(call.arguments),
    countTokens(limited.text),
  );
  return {
    id: `chatcmpl-sim-${sequence}`,
    created,
    model,
    text: limited.text,
    calls,
    finishReason: decision.finishReason ?? limited.finishReason,
    usage: withUsage ? { promptTokens: countPromptTokens(request), completionTokens } : undefined,
  };
}

interface Limited {
  readonly text: string;
  readonly calls: readonly WantedCall[];
  readonly finishReason: string;
}

function limit({ text, calls }: Decision, { maxTokens = Number.POSITIVE_INFINITY, stop }: ChatRequest): Limited {
  const stopped = cutAtStop(text, stop);
  if (countTokens(stopped) > maxTokens)
    return { text: firstTokens(stopped, maxTokens), calls: [], finishReason: "length" };
  let left = maxTokens - countTokens(stopped);
  const written: WantedCall[] = [];
  for (const call of calls) {
    left -= countTokens(call.name);
    const size = countTokens(call.arguments);
    // Like the real ones: the limit may fall inside the arguments, which then are no valid JSON.
    if (size > left)
      return {
        text: stopped,
        calls: [...written, { ...call, arguments: firstTokens(call.arguments, Math.max(left, 0)) }],
        finishReason: "length",
      };
    written.push(call);
    left -= size;
  }
  return { text: stopped, calls: written, finishReason: written.length > 0 ? "tool_calls" : "stop" };
}

function cutAtStop(text: string, stop: readonly string[]): string {
  let end = text.length;
  for (const mark of stop) {
    const at = text.indexOf(mark);
    if (at >= 0 && at < end) end = at;
  }
  return text.slice(0, end);
}
