import { type Message, textOf } from "../message.ts";
import type { AnswerContext } from "../ports.ts";
import { systemMessage } from "../prompt.ts";
import type { RunContext } from "./run-context.ts";

/** What the guardrail takes in one check, with room to spare. */
const mostPassages = 256;
const mostCharacters = 400_000;
const longestText = 200_000;

/** What an answer is made from: the system prompt, what tools returned, the latest of it first to be kept, the question. */
export function answerContext({ bundle, transcript }: Pick<RunContext, "bundle" | "transcript">): AnswerContext {
  const passages: string[] = [];
  let room = mostCharacters;
  for (const message of transcript.messages.toReversed()) {
    if (message.role !== "tool") continue;
    const text = textOf(message).slice(0, room);
    if (text === "" || passages.length === mostPassages) break;
    passages.push(text);
    room -= text.length;
  }
  const question = transcript.messages.findLast(isQuestion);
  return {
    systemPrompt: textOf(systemMessage(bundle)).slice(0, longestText),
    passages: passages.reverse(),
    question: question === undefined ? "" : textOf(question).slice(0, longestText),
  };
}

// Notes of ours have the same role.
function isQuestion({ role, parts }: Message): boolean {
  return role === "user" && parts.some(({ provenance }) => provenance === "user");
}
