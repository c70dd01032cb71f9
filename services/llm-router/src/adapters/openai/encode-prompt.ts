import type { MaxTokensField } from "../../domain/catalogue.ts";
import type { EncodedPrompt, PromptCodec } from "../../domain/ports.ts";
import type { ChatMessage, Prompt, Tool } from "../../domain/prompt.ts";

/**
 * Writes prompts as OpenAI's chat completions want them
 * (https://platform.openai.com/docs/api-reference/chat/create). The JSON is made once: for every try, and for
 * measuring the prompt.
 */
export const openAiCodec: PromptCodec = {
  encode(prompt: Prompt): EncodedPrompt {
    const json = JSON.stringify(membersOf(prompt)).slice(1, -1);
    return { json, bytes: Buffer.byteLength(json) };
  },
};

/** What is added for one provider. */
export interface RequestHead {
  readonly model: string;
  readonly maxTokensField: MaxTokensField;
  readonly maxOutputTokens: number;
  readonly stream: boolean;
  /** Whether usage is asked for in a stream. */
  readonly streamUsage: boolean;
}

/** The whole body of a request. */
export function requestBody(encoded: EncodedPrompt, head: RequestHead): string {
  const streaming = head.streamUsage ? ',"stream":true,"stream_options":{"include_usage":true}' : ',"stream":true';
  const limit = `"${head.maxTokensField}":${head.maxOutputTokens}`;
  return `{"model":${JSON.stringify(head.model)},${limit}${head.stream ? streaming : ""},${encoded.json}}`;
}

function membersOf(prompt: Prompt): Record<string, unknown> {
  const { tools, stop, temperature, topP, seed } = prompt;
  const members: Record<string, unknown> = { messages: prompt.messages.map(messageOf) };
  if (tools.length > 0) {
    members.tools = tools.map(toolOf);
    members.tool_choice = toolChoiceOf(prompt);
  }
  if (temperature !== undefined) members.temperature = temperature;
  if (topP !== undefined) members.top_p = topP;
  if (stop.length > 0) members.stop = stop;
  if (seed !== undefined) members.seed = Number(seed);
  const format = responseFormatOf(prompt);
  if (format !== undefined) members.response_format = format;
  return members;
}

function messageOf({ role, text = "", toolCalls, toolCallId }: ChatMessage): Record<string, unknown> {
  if (role === "tool") return { role, tool_call_id: toolCallId, content: text };
  if (toolCalls.length === 0) return { role, content: text };
  const calls = toolCalls.map(({ id, name, argumentsJson }) => ({
    id,
    type: "function",
    function: { name, arguments: argumentsJson === "" ? "{}" : argumentsJson },
  }));
  return { role, content: text === "" ? null : text, tool_calls: calls };
}

function toolOf({ name, description, parameters }: Tool): Record<string, unknown> {
  const declared = { name, description, parameters: parameters ?? { type: "object", properties: {} } };
  return { type: "function", function: declared };
}

function toolChoiceOf({ toolChoice, toolChoiceName }: Prompt): unknown {
  return toolChoice === "named" ? { type: "function", function: { name: toolChoiceName } } : toolChoice;
}

function responseFormatOf({ responseSchema, jsonObject }: Prompt): unknown {
  if (responseSchema !== undefined) {
    return { type: "json_schema", json_schema: { name: "answer", strict: true, schema: responseSchema } };
  }
  return jsonObject ? { type: "json_object" } : undefined;
}
