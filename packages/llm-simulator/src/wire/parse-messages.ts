import { invalid } from "./api-error.ts";
import type { ChatMessage, ToolCall } from "./chat-request.ts";
import { isObject, type JsonObject } from "./parse-json.ts";

const ROLES: Readonly<Record<string, ChatMessage["role"]>> = {
  system: "system",
  developer: "system",
  user: "user",
  assistant: "assistant",
  tool: "tool",
};

/** Checks the messages and the order of tool calls and their results, as strictly as OpenAI does. */
export function parseMessages(value: unknown): ChatMessage[] {
  if (value === undefined || value === null) {
    throw invalid("Missing required parameter: 'messages'.", "messages", "missing_required_parameter");
  }
  if (!Array.isArray(value))
    throw invalid("Invalid type for 'messages': expected an array of objects.", "messages", "invalid_type");
  if (value.length === 0) {
    throw invalid(
      "Invalid 'messages': empty array. Expected an array with minimum length 1.",
      "messages",
      "empty_array",
    );
  }
  const messages = value.map(parseMessage);
  checkToolOrder(messages);
  return messages;
}

function parseMessage(value: unknown, i: number): ChatMessage {
  const param = `messages[${i}]`;
  if (!isObject(value)) throw invalid(`Invalid type for '${param}': expected an object.`, param, "invalid_type");
  const role = typeof value.role === "string" && Object.hasOwn(ROLES, value.role) ? ROLES[value.role] : undefined;
  if (!role) {
    const known = "'system', 'developer', 'assistant', 'user' and 'tool'";
    throw invalid(
      `Invalid value for '${param}.role'. Supported values are: ${known}.`,
      `${param}.role`,
      "invalid_value",
    );
  }
  const toolCalls = role === "assistant" ? toolCallsOf(value, param) : [];
  const { text, otherParts } = contentOf(value.content, param, toolCalls.length > 0);
  return { role, text, otherParts, toolCalls, toolCallId: role === "tool" ? toolCallIdOf(value, param) : "" };
}

function contentOf(content: unknown, param: string, optional: boolean): { text: string; otherParts: number } {
  if (typeof content === "string") return { text: content, otherParts: 0 };
  if (Array.isArray(content)) {
    const texts = content.map((part: unknown) =>
      isObject(part) && part.type === "text" && typeof part.text === "string" ? part.text : undefined,
    );
    const known = texts.filter((text) => text !== undefined);
    return { text: known.join("\n"), otherParts: texts.length - known.length };
  }
  if ((content === undefined || content === null) && optional) return { text: "", otherParts: 0 };
  throw invalid(
    `Invalid value for '${param}.content': expected a string or an array of parts, got ${content === null ? "null" : typeof content}.`,
    `${param}.content`,
    "invalid_type",
  );
}

function toolCallsOf(message: JsonObject, param: string): ToolCall[] {
  const calls = message.tool_calls ?? [];
  if (!Array.isArray(calls))
    throw invalid(`Invalid type for '${param}.tool_calls': expected an array.`, `${param}.tool_calls`, "invalid_type");
  return calls.map((call: unknown, i) => {
    const target = isObject(call) && isObject(call.function) ? call.function : undefined;
    if (
      isObject(call) &&
      typeof call.id === "string" &&
      target &&
      typeof target.name === "string" &&
      typeof target.arguments === "string"
    ) {
      return { id: call.id, name: target.name, arguments: target.arguments };
    }
    const where = `${param}.tool_calls[${i}]`;
    throw invalid(
      `Invalid '${where}': expected an id and a function with name and arguments as text.`,
      where,
      "invalid_value",
    );
  });
}

function toolCallIdOf(message: JsonObject, param: string): string {
  if (typeof message.tool_call_id === "string" && message.tool_call_id !== "") return message.tool_call_id;
  throw invalid(
    `Missing required parameter: '${param}.tool_call_id'.`,
    `${param}.tool_call_id`,
    "missing_required_parameter",
  );
}

function checkToolOrder(messages: readonly ChatMessage[]): void {
  let open = new Set<string>();
  let caller = -1;
  messages.forEach((message, i) => {
    if (message.role === "tool") {
      if (caller < 0)
        throw invalid(
          "messages with role 'tool' must be a response to a preceding message with 'tool_calls'.",
          `messages[${i}].role`,
        );
      open.delete(message.toolCallId);
      return;
    }
    refuseUnanswered(open, caller);
    open = new Set(message.toolCalls.map((call) => call.id));
    caller = message.toolCalls.length > 0 ? i : -1;
  });
  refuseUnanswered(open, caller);
}

function refuseUnanswered(open: ReadonlySet<string>, caller: number): void {
  if (open.size === 0) return;
  const ids = [...open].join(", ");
  throw invalid(
    `An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'. These did not have response messages: ${ids}`,
    `messages[${caller}].tool_calls`,
  );
}
