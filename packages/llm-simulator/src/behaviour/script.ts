import { invalid } from "../wire/api-error.ts";
import type { ChatRequest } from "../wire/chat-request.ts";
import { isObject } from "../wire/parse-json.ts";
import { type Decision, say, type WantedCall } from "./decision.ts";

const FENCE = /```script\s*\n?([\s\S]*?)```/;

/**
 * Plays a script from the last system or user message that holds one: a fenced block ```script with a JSON array of
 * turns `{text?, tool_calls?: [{id?, name, arguments}], finish_reason?, repeat?}`. The turn is chosen by counting the
 * assistant's messages after the script; a last turn with `repeat: true` is played for ever. Arguments that are a text
 * are sent as they are, valid or not. Throws 400 for a missing or broken script.
 */
export function playScript({ messages }: ChatRequest): Decision {
  const at = messages.findLastIndex(({ role, text }) => (role === "system" || role === "user") && FENCE.test(text));
  if (at < 0)
    throw invalid(
      "simulator-script needs a fenced ```script block with a JSON array in a system or user message.",
      "messages",
    );
  const turns = turnsOf(FENCE.exec(messages[at]?.text ?? "")?.[1] ?? "");
  const played = messages.slice(at + 1).filter((message) => message.role === "assistant").length;
  const last = turns.at(-1);
  const turn = turns[played] ?? (isObject(last) && last.repeat === true ? last : undefined);
  return turn === undefined ? say("The script has ended.") : decisionOf(turn, played);
}

function turnsOf(text: string): readonly unknown[] {
  try {
    const turns: unknown = JSON.parse(text);
    if (Array.isArray(turns)) return turns;
  } catch {}
  throw invalid("The ```script block must be a JSON array of turns.", "messages");
}

function decisionOf(turn: unknown, i: number): Decision {
  if (!isObject(turn)) throw invalid(`Turn ${i} of the script must be an object.`, "messages");
  const calls = turn.tool_calls ?? [];
  if (!Array.isArray(calls)) throw invalid(`tool_calls of turn ${i} of the script must be an array.`, "messages");
  return {
    text: typeof turn.text === "string" ? turn.text : "",
    calls: calls.map((call) => callOf(call, i)),
    ...(typeof turn.finish_reason === "string" ? { finishReason: turn.finish_reason } : {}),
  };
}

function callOf(call: unknown, i: number): WantedCall {
  if (!isObject(call) || typeof call.name !== "string")
    throw invalid(`A tool call of turn ${i} of the script has no name.`, "messages");
  const { id, name, arguments: given = {} } = call;
  return {
    name,
    arguments: typeof given === "string" ? given : JSON.stringify(given),
    ...(typeof id === "string" ? { id } : {}),
  };
}
