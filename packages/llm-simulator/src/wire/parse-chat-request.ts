import { invalid } from "./api-error.ts";
import type { ChatRequest, JsonSchema, ToolChoice, ToolDefinition } from "./chat-request.ts";
import { isObject, type JsonObject, modelOf } from "./parse-json.ts";
import { parseMessages } from "./parse-messages.ts";

/** Checks the body of `POST /v1/chat/completions`; throws an ApiError naming the first parameter that is wrong. */
export function parseChatRequest(body: JsonObject): ChatRequest {
  const stream = booleanOf(body, "stream") ?? false;
  const tools = toolsOf(body.tools);
  refuseUnsupported(body);
  return {
    model: modelOf(body),
    messages: parseMessages(body.messages),
    tools,
    toolCharacters: tools.length > 0 ? JSON.stringify(body.tools).length : 0,
    toolChoice: toolChoiceOf(body.tool_choice, tools),
    parallelToolCalls: booleanOf(body, "parallel_tool_calls") ?? true,
    maxTokens: integerOf(body, "max_completion_tokens") ?? integerOf(body, "max_tokens"),
    stop: stopOf(body.stop),
    stream,
    includeUsage: includeUsageOf(body.stream_options, stream),
    responseSchema: responseSchemaOf(body.response_format),
  };
}

function refuseUnsupported(body: JsonObject): void {
  refuseOutside(body, "temperature", 2);
  refuseOutside(body, "top_p", 1);
  if (body.n !== undefined && body.n !== null && body.n !== 1) {
    throw invalid("The simulator gives one choice: 'n' must be 1.", "n", "unsupported_value");
  }
}

function refuseOutside(body: JsonObject, name: string, high: number): void {
  const value = body[name] ?? undefined;
  if (value === undefined || (typeof value === "number" && value >= 0 && value <= high)) return;
  throw invalid(`Invalid '${name}': expected a number between 0 and ${high}.`, name, "invalid_value");
}

function booleanOf(body: JsonObject, name: string): boolean | undefined {
  const value = body[name] ?? undefined;
  if (value === undefined || typeof value === "boolean") return value;
  throw invalid(`Invalid type for '${name}': expected a boolean.`, name, "invalid_type");
}

function integerOf(body: JsonObject, name: string): number | undefined {
  const value = body[name] ?? undefined;
  if (value === undefined) return undefined;
  if (typeof value !== "number" || !Number.isInteger(value)) {
    throw invalid(`Invalid type for '${name}': expected an integer.`, name, "invalid_type");
  }
  if (value < 1)
    throw invalid(
      `Invalid '${name}': integer below minimum value. Expected a value >= 1.`,
      name,
      "integer_below_min_value",
    );
  return value;
}

function stopOf(value: unknown): readonly string[] {
  if (value === undefined || value === null) return [];
  const list = typeof value === "string" ? [value] : value;
  if (Array.isArray(list) && list.length <= 4 && list.every((item) => typeof item === "string" && item !== ""))
    return list;
  throw invalid("Invalid 'stop': expected a string or an array of at most 4 strings.", "stop", "invalid_type");
}

function includeUsageOf(value: unknown, stream: boolean): boolean {
  if (value === undefined || value === null) return false;
  if (!stream)
    throw invalid("The 'stream_options' parameter is only allowed when 'stream' is enabled.", "stream_options");
  if (!isObject(value))
    throw invalid("Invalid type for 'stream_options': expected an object.", "stream_options", "invalid_type");
  return value.include_usage === true;
}

const TOOL_NAME = /^[a-zA-Z0-9_-]{1,64}$/;

function toolsOf(value: unknown): ToolDefinition[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw invalid("Invalid type for 'tools': expected an array.", "tools", "invalid_type");
  if (value.length > 128)
    throw invalid("Invalid 'tools': array too long. Expected at most 128.", "tools", "array_above_max_length");
  return value.map((tool: unknown, i) => {
    const definition =
      isObject(tool) && tool.type === "function" && isObject(tool.function) ? tool.function : undefined;
    if (!definition)
      throw invalid(
        `Invalid 'tools[${i}]': expected {"type":"function","function":{…}}.`,
        `tools[${i}]`,
        "invalid_value",
      );
    const { name, description, parameters } = definition;
    if (typeof name !== "string" || !TOOL_NAME.test(name)) {
      const param = `tools[${i}].function.name`;
      throw invalid(
        `Invalid '${param}': expected a string that matches the pattern '^[a-zA-Z0-9_-]+$', at most 64 characters.`,
        param,
        "invalid_value",
      );
    }
    return {
      name,
      description: typeof description === "string" ? description : "",
      parameters: (isObject(parameters) ? parameters : {}) as JsonSchema,
    };
  });
}

function toolChoiceOf(value: unknown, tools: readonly ToolDefinition[]): ToolChoice {
  if (value === undefined || value === null) return tools.length > 0 ? "auto" : "none";
  if (tools.length === 0 && value !== "none")
    throw invalid("'tool_choice' is only allowed when 'tools' are specified.", "tool_choice");
  if (value === "none" || value === "auto" || value === "required") return value;
  const name = isObject(value) && isObject(value.function) ? value.function.name : undefined;
  if (typeof name !== "string") throw invalid("Invalid value for 'tool_choice'.", "tool_choice", "invalid_value");
  if (!tools.some((tool) => tool.name === name))
    throw invalid(`Tool choice '${name}' not found in 'tools'.`, "tool_choice");
  return { name };
}

function responseSchemaOf(value: unknown): JsonSchema | undefined {
  if (value === undefined || value === null) return undefined;
  const type = isObject(value) ? value.type : undefined;
  if (type === "text") return undefined;
  if (type === "json_object") return {};
  const format = isObject(value) && isObject(value.json_schema) ? value.json_schema : undefined;
  if (type === "json_schema" && format && isObject(format.schema)) return format.schema as JsonSchema;
  throw invalid(
    "Invalid 'response_format': expected type text, json_object, or json_schema with a schema.",
    "response_format",
    "invalid_value",
  );
}
