import type { ChatMessage, ChatRequest } from "../wire/chat-request.ts";
import type { ToolOutcome } from "./decision.ts";

/** A request as the model sees it. */
export interface Conversation {
  /** What the user asks now, without context that was put around it; its beginning when it is long. */
  readonly question: string;
  /** The same, not cut, for a summary. */
  readonly wholeQuestion: string;
  /** What the user said before, oldest first. */
  readonly earlier: readonly string[];
  /** The last answer of the assistant before this question. */
  readonly lastAnswer: string;
  /** Retrieved or attached text: marked blocks, and system messages after the first. */
  readonly context: readonly string[];
  /** Calls of the current turn with their results; those of earlier turns are history. */
  readonly outcomes: readonly ToolOutcome[];
}

// Intentions are looked for in the beginning of a message, context in more of it: patterns over a hostile
// megabyte would take seconds.
const MAX_QUESTION = 4_000;
const MAX_CONTEXT = 32_000;

// Blocks that prompt builders put around text that is not the user's own.
const BLOCK =
  /<((?:retrieved|untrusted|context|document|notes?|memory|memories|facts?|source|data|knowledge|passage|recalled)[\w-]*)(?:\s[^>]*)?>([\s\S]*?)<\/\1>/gi;
const LABELLED =
  /(?:^|\n)[ \t]*(?:context|notes|documents?|passages?|retrieved(?: text)?|known facts|facts|memory)[^:\n]{0,40}:\s{0,20}([\s\S]*?)(?=\n[ \t]*(?:question|user|query)[ \t]*:|\n[ \t]{0,9}\n(?=[A-Z][^\n]*\?\s*$)|$)/gi;
const TAG = /<\/?[a-z][\w-]*(?:\s[^<>]*)?>/gi;

/** Sorts the messages of a request. */
export function readConversation(request: ChatRequest): Conversation {
  const { messages } = request;
  const at = messages.findLastIndex((message) => message.role === "user");
  const current = at < 0 ? "" : (messages[at]?.text ?? "");
  const before = messages.slice(0, Math.max(at, 0));
  return {
    question: cut(questionOf(current), MAX_QUESTION),
    wholeQuestion: current,
    earlier: before
      .filter((message) => message.role === "user")
      .map((message) => cut(questionOf(message.text), MAX_QUESTION)),
    lastAnswer: before.findLast((message) => message.role === "assistant" && message.text !== "")?.text ?? "",
    context: contextOf(messages),
    outcomes: outcomesOf(messages.slice(at + 1)),
  };
}

function cut(text: string, characters: number): string {
  return text.length > characters ? text.slice(0, characters) : text;
}

function questionOf(whole: string): string {
  const text = cut(whole, MAX_CONTEXT);
  if (!text.includes("<") && !/:[ \t]*\n|question[ \t]*:/i.test(text)) return text.trim();
  const own = text.replace(BLOCK, "\n").replace(TAG, "");
  const asked = own.split(/(?:^|\n)[ \t]*(?:question|query)[ \t]*:/i).at(-1) ?? own;
  return asked.trim() || text.replace(TAG, "").trim();
}

function contextOf(messages: readonly ChatMessage[]): string[] {
  const context: string[] = [];
  let systems = 0;
  for (const { role, text: whole } of messages) {
    const text = cut(whole, MAX_CONTEXT);
    if (role !== "system" && role !== "user") continue;
    if (role === "system" && systems++ > 0) context.push(text.replace(TAG, ""));
    else if (text.includes("<"))
      context.push(...Array.from(text.matchAll(BLOCK), (match) => (match[2] ?? "").replace(TAG, "")));
    else if (text.includes(":")) context.push(...Array.from(text.matchAll(LABELLED), (match) => match[1] ?? ""));
  }
  return context.filter((text) => text.trim() !== "");
}

function outcomesOf(turn: readonly ChatMessage[]): ToolOutcome[] {
  const outcomes: ToolOutcome[] = [];
  let calls: ChatMessage["toolCalls"] = [];
  for (const message of turn) {
    if (message.role === "assistant") calls = message.toolCalls;
    if (message.role !== "tool") continue;
    const call = calls.find((candidate) => candidate.id === message.toolCallId) ?? calls[0];
    if (call)
      outcomes.push({ name: call.name, arguments: call.arguments, result: message.text.replace(TAG, "").trim() });
  }
  return outcomes;
}
