import { type Prompt, PromptSchema } from "@agentmesh/contracts/llm_router/v1/model";
import { ContentPartSchema, type Message, MessageSchema, Role } from "@agentmesh/contracts/type/v1/types";
import { create, type MessageInitShape } from "@bufbuild/protobuf";

/** A message of one text. */
export function message(role: Role, text: string): Message {
  const part = create(ContentPartSchema, { content: { case: "text", value: text } });
  return create(MessageSchema, { role, parts: [part] });
}

/** A prompt of one question. */
export function promptOf(question: string, wishes: MessageInitShape<typeof PromptSchema> = {}): Prompt {
  return create(PromptSchema, { model: "simulator-small", messages: [message(Role.USER, question)], ...wishes });
}

/** Any value as text, for looking what is in it. */
export function shown(value: unknown): string {
  return JSON.stringify(value, (_key, part) => (typeof part === "bigint" ? String(part) : part)) ?? "";
}
