import {
  type ContentPart,
  ContentPartSchema,
  type Message,
  MessageSchema,
  Provenance,
  Role,
  type ToolCall,
  ToolCallSchema,
} from "@agentmesh/contracts/type/v1/types";
import { create } from "@bufbuild/protobuf";
import { array, type Fields, object, text } from "./json-fields.ts";
import { invalid, unsupported } from "./problem.ts";

const MOST_MESSAGES = 2_048;
const MOST_PARTS = 256;
const MOST_CALLS = 128;

interface Kind {
  readonly role: Role;
  readonly provenance: Provenance;
}

const KINDS: ReadonlyMap<string, Kind> = new Map([
  ["system", { role: Role.SYSTEM, provenance: Provenance.OPERATOR }],
  ["developer", { role: Role.SYSTEM, provenance: Provenance.OPERATOR }],
  ["user", { role: Role.USER, provenance: Provenance.USER }],
  ["assistant", { role: Role.ASSISTANT, provenance: Provenance.MODEL }],
  ["tool", { role: Role.TOOL, provenance: Provenance.UNTRUSTED }],
]);

/** The field `messages` of a chat completion. @throws HttpProblem 400 with the path of what is wrong */
export function readMessages(value: unknown): Message[] {
  if (value === undefined) throw invalid("messages", "must be given", "missing_required_parameter");
  const list = array(value, "messages", MOST_MESSAGES);
  if (list.length === 0) throw invalid("messages", "must have at least one message", "empty_array");
  return list.map((item, index) => readMessage(item, `messages[${index}]`));
}

function readMessage(value: unknown, path: string): Message {
  const fields = object(value, path);
  const kind = KINDS.get(fields.role as string);
  if (kind === undefined) throw invalid(`${path}.role`, "must be system, developer, user, assistant or tool");
  const message = create(MessageSchema);
  message.role = kind.role;
  message.parts = readContent(fields.content, `${path}.content`, kind.provenance);
  if (kind.role === Role.ASSISTANT) message.toolCalls = readCalls(fields, path);
  else if (message.parts.length === 0) throw invalid(`${path}.content`, "must be given", "missing_required_parameter");
  if (kind.role === Role.TOOL) message.toolCallId = text(fields.tool_call_id, `${path}.tool_call_id`);
  if (message.parts.length === 0 && message.toolCalls.length === 0) {
    throw invalid(`${path}.content`, "must be given when there are no tool_calls", "missing_required_parameter");
  }
  return message;
}

function readContent(value: unknown, path: string, provenance: Provenance): ContentPart[] {
  if (value === undefined || value === null) return [];
  if (typeof value === "string") return [textPart(text(value, path), provenance)];
  if (!Array.isArray(value)) throw invalid(path, "must be a string or an array of parts", "invalid_type");
  return array(value, path, MOST_PARTS).map((item, index) => readPart(item, `${path}[${index}]`, provenance));
}

function readPart(value: unknown, path: string, provenance: Provenance): ContentPart {
  const fields = object(value, path);
  if (fields.type === "text") return textPart(text(fields.text, `${path}.text`), provenance);
  if (fields.type === "refusal") return textPart(text(fields.refusal, `${path}.refusal`), provenance);
  throw unsupported(`${path}.type`, 'must be "text": images, audio and files are not supported');
}

function textPart(value: string, provenance: Provenance): ContentPart {
  const part = create(ContentPartSchema);
  part.content = { case: "text", value };
  part.provenance = provenance;
  return part;
}

function readCalls(fields: Fields, path: string): ToolCall[] {
  const { tool_calls: calls, function_call: legacy } = fields;
  if (legacy !== undefined && legacy !== null)
    throw unsupported(`${path}.function_call`, "is not supported: use tool_calls");
  if (calls === undefined || calls === null) return [];
  return array(calls, `${path}.tool_calls`, MOST_CALLS).map((item, index) =>
    readCall(item, `${path}.tool_calls[${index}]`),
  );
}

function readCall(value: unknown, path: string): ToolCall {
  const fields = object(value, path);
  if (fields.type !== undefined && fields.type !== "function") throw unsupported(`${path}.type`, 'must be "function"');
  const called = object(fields.function, `${path}.function`);
  const call = create(ToolCallSchema);
  call.id = text(fields.id, `${path}.id`);
  call.name = text(called.name, `${path}.function.name`);
  call.argumentsJson = text(called.arguments, `${path}.function.arguments`);
  return call;
}
