import { type Prompt, ToolChoice } from "@agentmesh/contracts/llm_router/v1/model";
import { type ToolDefinition, ToolDefinitionSchema } from "@agentmesh/contracts/type/v1/types";
import { create, type JsonObject } from "@bufbuild/protobuf";
import { array, type Fields, isFields, object, optionalText, text } from "./json-fields.ts";
import { invalid, unsupported } from "./problem.ts";

const MOST_TOOLS = 128;
const DEEPEST_SCHEMA = 64;
const NAME = /^[a-zA-Z0-9_-]{1,64}$/;

/** Reads `tools`, `tool_choice` and `response_format` into a prompt. */
export function readTools(body: Fields, prompt: Prompt): void {
  const { tools, tool_choice: choice, response_format: format } = body;
  if (tools !== undefined && tools !== null) {
    prompt.tools = array(tools, "tools", MOST_TOOLS).map((tool, index) => readTool(tool, `tools[${index}]`));
  }
  if (choice !== undefined && choice !== null) readChoice(choice, prompt);
  if (format !== undefined && format !== null) readFormat(format, prompt);
}

function readTool(value: unknown, path: string): ToolDefinition {
  const fields = object(value, path);
  if (fields.type !== "function") throw unsupported(`${path}.type`, 'must be "function"');
  const described = object(fields.function, `${path}.function`);
  const tool = create(ToolDefinitionSchema);
  tool.name = toolName(described.name, `${path}.function.name`);
  tool.description = optionalText(described, "description", `${path}.function.description`) ?? "";
  tool.parameters = schema(described.parameters ?? { type: "object", properties: {} }, `${path}.function.parameters`);
  return tool;
}

function toolName(value: unknown, path: string): string {
  const name = text(value, path);
  if (!NAME.test(name)) throw invalid(path, "must be 1 to 64 characters of a-z, A-Z, 0-9, _ and -");
  return name;
}

// Parsed JSON is JSON: it needs no copy to become a google.protobuf.Struct. Everything that writes it goes down into it
// by recursion, though.
function schema(value: unknown, path: string): JsonObject {
  const given = object(value, path);
  if (isDeeper(given, DEEPEST_SCHEMA)) throw invalid(path, `must not be nested deeper than ${DEEPEST_SCHEMA} levels`);
  return given as JsonObject;
}

function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  return levels === 0 || Object.values(value).some((item) => isDeeper(item, levels - 1));
}

const CHOICES: ReadonlyMap<unknown, ToolChoice> = new Map<unknown, ToolChoice>([
  ["auto", ToolChoice.AUTO],
  ["none", ToolChoice.NONE],
  ["required", ToolChoice.REQUIRED],
]);

function readChoice(value: unknown, prompt: Prompt): void {
  const named = CHOICES.get(value);
  if (named !== undefined) {
    prompt.toolChoice = named;
    return;
  }
  if (!isFields(value) || value.type !== "function") {
    throw invalid("tool_choice", 'must be "auto", "none", "required" or {"type": "function", "function": {"name": …}}');
  }
  const name = toolName(object(value.function, "tool_choice.function").name, "tool_choice.function.name");
  if (!prompt.tools.some((tool) => tool.name === name))
    throw invalid("tool_choice.function.name", "must be the name of one of the tools");
  prompt.toolChoice = ToolChoice.NAMED;
  prompt.toolChoiceName = name;
}

function readFormat(value: unknown, prompt: Prompt): void {
  const { type, json_schema: described } = object(value, "response_format");
  if (type === "text") return;
  if (type !== "json_object" && type !== "json_schema") {
    throw invalid("response_format.type", "must be text, json_object or json_schema");
  }
  prompt.jsonObject = true;
  if (type === "json_schema") {
    const { schema: given } = object(described, "response_format.json_schema");
    prompt.responseSchema = schema(given, "response_format.json_schema.schema");
  }
}
