/** Messages of the contract as the domain sees them. Nothing is checked here: the domain does that, naming fields. */
import type { CallAttribution } from "@agentmesh/contracts/llm_router/v1/llm_router";
import {
  type Prompt as PromptMessage,
  ToolChoice as ToolChoiceMessage,
} from "@agentmesh/contracts/llm_router/v1/model";
import { type Message, Role as RoleMessage, type ToolDefinition } from "@agentmesh/contracts/type/v1/types";
import type { Attribution, ChatMessage, JsonRecord, Prompt, Role, Tool, ToolChoice } from "../domain/prompt.ts";

const ROLES: Readonly<Record<number, Role>> = {
  [RoleMessage.SYSTEM]: "system",
  [RoleMessage.USER]: "user",
  [RoleMessage.ASSISTANT]: "assistant",
  [RoleMessage.TOOL]: "tool",
};

const TOOL_CHOICES: Readonly<Record<number, ToolChoice>> = {
  [ToolChoiceMessage.UNSPECIFIED]: "auto",
  [ToolChoiceMessage.AUTO]: "auto",
  [ToolChoiceMessage.NONE]: "none",
  [ToolChoiceMessage.REQUIRED]: "required",
  [ToolChoiceMessage.NAMED]: "named",
};

const NO_PROMPT: Prompt = {
  model: "",
  messages: [],
  tools: [],
  toolChoice: "auto",
  toolChoiceName: "",
  temperature: undefined,
  topP: undefined,
  maxOutputTokens: undefined,
  stop: [],
  seed: undefined,
  responseSchema: undefined,
  jsonObject: false,
};

const NO_ATTRIBUTION: Attribution = { agentId: "", runId: "", stepKey: "", runLimit: undefined };

/** A prompt; a missing one has no messages and is refused for that. */
export function promptOf(message: PromptMessage | undefined): Prompt {
  if (message === undefined) return NO_PROMPT;
  return {
    model: message.model,
    messages: message.messages.map(chatMessageOf),
    tools: message.tools.map(toolOf),
    toolChoice: TOOL_CHOICES[message.toolChoice] ?? "unknown",
    toolChoiceName: message.toolChoiceName,
    temperature: message.temperature,
    topP: message.topP,
    maxOutputTokens: message.maxOutputTokens,
    stop: message.stop,
    seed: message.seed,
    responseSchema: message.responseSchema as JsonRecord | undefined,
    jsonObject: message.jsonObject,
  };
}

/** On whose account; absent: nobody's but the principal's. */
export function attributionOf(message: CallAttribution | undefined): Attribution {
  if (message === undefined) return NO_ATTRIBUTION;
  const { agentId, runId, stepKey, runLimit } = message;
  return { agentId, runId, stepKey, runLimit: runLimit?.nanoUsd };
}

function chatMessageOf(message: Message): ChatMessage {
  return {
    role: ROLES[message.role] ?? "unknown",
    text: textOf(message),
    toolCalls: message.toolCalls,
    toolCallId: message.toolCallId,
  };
}

function textOf({ parts }: Message): string | undefined {
  let text: string | undefined;
  for (const { content } of parts) {
    if (content.case !== "text") return undefined;
    text = text === undefined ? content.value : `${text}\n${content.value}`;
  }
  return text ?? "";
}

function toolOf({ name, description, parameters }: ToolDefinition): Tool {
  return { name, description, parameters: parameters as JsonRecord | undefined };
}
