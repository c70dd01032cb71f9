import { type Prompt, PromptSchema } from "@agentmesh/contracts/llm_router/v1/model";
import { type Message, MessageSchema, Role, Stage } from "@agentmesh/contracts/type/v1/types";
import { create } from "@bufbuild/protobuf";

/** One text of a conversation that a guardrail must see. */
export interface PromptText {
  readonly stage: Stage;
  readonly text: string;
  /** Index of the message it stands in. */
  readonly message: number;
  /** Index of the content part, or of the tool call whose arguments it is. */
  readonly index: number;
  readonly of: "part" | "call";
}

/** What a model is asked, without the operator's own words: system messages are trusted. */
export function textsOf(messages: readonly Message[]): PromptText[] {
  const texts: PromptText[] = [];
  for (const [message, { role, parts, toolCalls }] of messages.entries()) {
    if (role === Role.SYSTEM) continue;
    const stage = role === Role.TOOL ? Stage.TOOL_RESULT : Stage.INPUT;
    for (const [index, { content }] of parts.entries()) {
      if (content.case === "text" && content.value !== "") {
        texts.push({ stage, text: content.value, message, index, of: "part" });
      }
    }
    for (const [index, { argumentsJson }] of toolCalls.entries()) {
      if (argumentsJson !== "")
        texts.push({ stage: Stage.TOOL_ARGUMENTS, text: argumentsJson, message, index, of: "call" });
    }
  }
  return texts;
}

/** A text and what it is to be replaced by. */
export interface Replacement {
  readonly at: PromptText;
  readonly text: string;
}

/** The prompt with some texts replaced; the original stays as it is, because messages are shared by reference. */
export function withTexts(prompt: Prompt, replacements: readonly Replacement[]): Prompt {
  if (replacements.length === 0) return prompt;
  const messages = [...prompt.messages];
  for (const { at, text } of replacements) {
    const message = messages[at.message];
    if (message !== undefined) messages[at.message] = replaced(message, at, text);
  }
  return create(PromptSchema, { ...prompt, messages });
}

/** A message with one of its texts replaced. */
export function replaced(message: Message, at: Pick<PromptText, "index" | "of">, text: string): Message {
  const { role, toolCallId } = message;
  const parts = message.parts.map((part, index) =>
    at.of === "part" && index === at.index ? { ...part, content: { case: "text" as const, value: text } } : part,
  );
  const toolCalls = message.toolCalls.map((call, index) =>
    at.of === "call" && index === at.index ? { ...call, argumentsJson: text } : call,
  );
  return create(MessageSchema, { role, toolCallId, parts, toolCalls });
}
