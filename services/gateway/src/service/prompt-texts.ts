import { type Prompt, PromptSchema } from "@agentmesh/contracts/llm_router/v1/model";
import { type Message, MessageSchema, Role, Stage } from "@agentmesh/contracts/type/v1/types";
import { create } from "@bufbuild/protobuf";

/** One text of a conversation that a guardrail must see. */
export interface PromptText {
  readonly stage: Stage;
  readonly text: string;
  /** Index of the message it stands in. */
  readonly message: number;
  /** All its parts together, or the arguments of one of its tool calls. */
  readonly of: "parts" | "call";
  /** Index of the tool call; 0 for the parts. */
  readonly index: number;
}

// The router hands the parts of a message to the model as lines of one text.
const PART_BREAK = "\n";

/**
 * What a model is asked, without the operator's own words: system messages are trusted. The parts of a message are one
 * text, as the model reads them: what is split over parts must not pass in pieces.
 */
export function textsOf(messages: readonly Message[]): PromptText[] {
  const texts: PromptText[] = [];
  for (const [message, { role, parts, toolCalls }] of messages.entries()) {
    if (role === Role.SYSTEM) continue;
    const stage = role === Role.TOOL ? Stage.TOOL_RESULT : Stage.INPUT;
    const text = textOfParts(parts);
    if (text !== "") texts.push({ stage, text, message, index: 0, of: "parts" });
    for (const [index, { argumentsJson }] of toolCalls.entries()) {
      if (argumentsJson !== "")
        texts.push({ stage: Stage.TOOL_ARGUMENTS, text: argumentsJson, message, index, of: "call" });
    }
  }
  return texts;
}

function textOfParts(parts: Message["parts"]): string {
  const [only] = parts;
  if (parts.length === 1 && only?.content.case === "text") return only.content.value;
  return parts.flatMap(({ content }) => (content.case === "text" ? [content.value] : [])).join(PART_BREAK);
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

/** A message with one of its texts replaced. All parts are replaced by one. */
export function replaced(message: Message, at: Pick<PromptText, "index" | "of">, text: string): Message {
  const { role, toolCallId } = message;
  const parts = at.of === "parts" ? onePart(message.parts, text) : message.parts;
  const toolCalls = message.toolCalls.map((call, index) =>
    at.of === "call" && index === at.index ? { ...call, argumentsJson: text } : call,
  );
  return create(MessageSchema, { role, toolCallId, parts, toolCalls });
}

function onePart(parts: Message["parts"], text: string): Message["parts"] {
  const first = parts.find(({ content }) => content.case === "text");
  return first === undefined ? parts : [{ ...first, content: { case: "text", value: text } }];
}
