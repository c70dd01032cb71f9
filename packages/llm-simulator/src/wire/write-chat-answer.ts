import type { ChatAnswer, Usage } from "./chat-answer.ts";

const FINGERPRINT = "fp_simulator";

/** The body of an answer that is not streamed. */
export function wholeBody(answer: ChatAnswer): string {
  const head = `{"id":"${answer.id}","object":"chat.completion","created":${answer.created},"model":"${answer.model}","choices":[{"index":0,"message":`;
  const usage = answer.usage ? `,"usage":${usageText(answer.usage)}` : "";
  return `${head}${messageText(answer)},"logprobs":null,"finish_reason":"${answer.finishReason}"}]${usage},"system_fingerprint":"${FINGERPRINT}"}`;
}

function messageText({ text, calls }: ChatAnswer): string {
  const content = text === "" && calls.length > 0 ? "null" : JSON.stringify(text);
  if (calls.length === 0) return `{"role":"assistant","content":${content},"refusal":null}`;
  const list = calls.map((call) => ({
    id: call.id,
    type: "function",
    function: { name: call.name, arguments: call.arguments },
  }));
  return `{"role":"assistant","content":${content},"refusal":null,"tool_calls":${JSON.stringify(list)}}`;
}

function usageText({ promptTokens, completionTokens }: Usage): string {
  const total = promptTokens + completionTokens;
  return (
    `{"prompt_tokens":${promptTokens},"completion_tokens":${completionTokens},"total_tokens":${total},` +
    `"prompt_tokens_details":{"cached_tokens":0,"audio_tokens":0},"completion_tokens_details":{"reasoning_tokens":0}}`
  );
}

/** The last line of a stream. */
export const DONE = "data: [DONE]\n\n";

/** One server-sent event of a streamed answer. */
export interface StreamChunk {
  readonly event: string;
  /** True for the chunks that carry what the model produces, about a token each. */
  readonly content: boolean;
}

/** All events of a streamed answer in order, without the closing `[DONE]`. */
export function streamChunks(answer: ChatAnswer, includeUsage: boolean): StreamChunk[] {
  const head = `data: {"id":"${answer.id}","object":"chat.completion.chunk","created":${answer.created},"model":"${answer.model}","system_fingerprint":"${FINGERPRINT}","choices":[`;
  const tail = includeUsage ? ',"usage":null}\n\n' : "}\n\n";
  const chunk = (delta: string, content: boolean, finishReason = "null"): StreamChunk => ({
    event: `${head}{"index":0,"delta":${delta},"logprobs":null,"finish_reason":${finishReason}}]${tail}`,
    content,
  });
  const chunks = [chunk(openingDelta(answer), false)];
  for (const piece of pieces(answer.text)) chunks.push(chunk(`{"content":${JSON.stringify(piece)}}`, true));
  for (const delta of callDeltas(answer)) chunks.push(chunk(delta, true));
  chunks.push(chunk("{}", false, `"${answer.finishReason}"`));
  if (includeUsage && answer.usage)
    chunks.push({ event: `${head}],"usage":${usageText(answer.usage)}}\n\n`, content: false });
  return chunks;
}

function openingDelta({ text, calls }: ChatAnswer): string {
  return `{"role":"assistant","content":${text === "" && calls.length > 0 ? "null" : '""'},"refusal":null}`;
}

function callDeltas({ calls }: ChatAnswer): string[] {
  return calls.flatMap((call, index) => {
    const opening = {
      tool_calls: [{ index, id: call.id, type: "function", function: { name: call.name, arguments: "" } }],
    };
    const rest = pieces(call.arguments).map((piece) => ({ tool_calls: [{ index, function: { arguments: piece } }] }));
    return [opening, ...rest].map((delta) => JSON.stringify(delta));
  });
}

// Words with the space before them, long ones in parts: about one token each, whatever the text.
function pieces(text: string): readonly string[] {
  return text.match(/\s*[^\s]{1,12}|\s+$/gu) ?? [];
}
