import { type OutputContext, OutputContextSchema } from "@agentmesh/contracts/guardrail/v1/guardrail";
import type { Prompt } from "@agentmesh/contracts/llm_router/v1/model";
import { type Message, Role } from "@agentmesh/contracts/type/v1/types";
import { create } from "@bufbuild/protobuf";

/** What the guardrail takes in one check, with room to spare. */
const MOST_PASSAGES = 256;
const MOST_CHARACTERS = 400_000;
const LONGEST_TEXT = 200_000;

/** What an answer to a prompt is made from: its system messages, the results of tools, the latest question. */
export function outputContext({ messages }: Prompt): OutputContext {
  const passages: string[] = [];
  let room = MOST_CHARACTERS;
  for (const message of messages.toReversed()) {
    if (message.role !== Role.TOOL) continue;
    const text = textOf(message).slice(0, room);
    if (text === "" || passages.length === MOST_PASSAGES) break;
    passages.push(text);
    room -= text.length;
  }
  const system = messages.filter(({ role }) => role === Role.SYSTEM).map(textOf);
  const question = messages.findLast(({ role }) => role === Role.USER);
  return create(OutputContextSchema, {
    systemPrompt: system.join("\n").slice(0, LONGEST_TEXT),
    passages: passages.reverse(),
    question: question === undefined ? "" : textOf(question).slice(0, LONGEST_TEXT),
  });
}

function textOf({ parts }: Message): string {
  return parts.map(({ content }) => (content.case === "text" ? content.value : "")).join("");
}
