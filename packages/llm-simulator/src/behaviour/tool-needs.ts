import type { ChatRequest, ToolDefinition } from "../wire/chat-request.ts";
import { findExpression } from "./arithmetic.ts";
import type { Conversation } from "./conversation.ts";
import type { Need } from "./decision.ts";
import { answerFromFacts, asksAboutMe } from "./facts.ts";
import { materialOf, objectFor, typeOf } from "./schema-values.ts";
import { bestSentences, isQuestion, sentences } from "./words.ts";

const TIME_QUESTION =
  /\b(what(?:'s| is)?\s+(?:the\s+)?(?:current\s+|local\s+)?(?:time|date|day)\b|what\s+(?:time|date|day|year|month)\b|(?:current|today's|present)\s+(?:time|date|day)|which\s+day)/i;
const MEMORY_QUESTION =
  /\b(recall|do you (?:know|remember)|what (?:do|did) (?:you|i) (?:know|remember|note|save|store|tell)|(?:my|the|your) (?:notes?|memory|memories)|in (?:memory|your notes)|you were told|i (?:told|asked) you)\b/i;
const SAVE_REQUEST = /^\s*(?:please\s+)?(?:remember|note|save|store|keep in mind)\b(?!.*\?)/i;

/** True for questions about the present time or date. */
export function asksForTime(question: string): boolean {
  return TIME_QUESTION.test(question);
}

/** The tools a request needs, each with arguments, in the order a careful model would use them. */
export function findNeeds(request: ChatRequest, conversation: Conversation): Need[] {
  const { question } = conversation;
  const needs: (Need | undefined)[] = [
    calculation(request.tools, conversation),
    asksForTime(question)
      ? withSchema(find(request.tools, /clock|(?:^|_)(?:time|date|now)(?:$|_)/i), question)
      : undefined,
    lookUp(request.tools, conversation),
    SAVE_REQUEST.test(question)
      ? withSchema(find(request.tools, /^(?:remember|save|store|note|memori[sz]e)/i), savedText(question))
      : undefined,
  ];
  const known = needs.filter((need) => need !== undefined);
  return [...known, ...namedTools(request.tools, question, known)];
}

/** A call of the tool the request demands, or of the first one, when the question itself needs none. */
export function demandedNeed({ tools, toolChoice }: ChatRequest, question: string): Need | undefined {
  const demanded = typeof toolChoice === "object" ? tools.find((tool) => tool.name === toolChoice.name) : tools[0];
  return withSchema(demanded, question);
}

function calculation(tools: readonly ToolDefinition[], { question, lastAnswer }: Conversation): Need | undefined {
  const tool = find(tools, /calc|math|arithmetic/i);
  const expression = tool && findExpression(question, lastAnswer);
  if (!tool || expression === undefined) return undefined;
  const property = firstText(tool) ?? "expression";
  return { tool, arguments: { ...objectFor(tool.parameters, materialOf(question)), [property]: expression } };
}

function lookUp(tools: readonly ToolDefinition[], { question, earlier, context }: Conversation): Need | undefined {
  const tool = find(tools, /recall|memory|notes|knowledge|retriev/i);
  if (!tool || SAVE_REQUEST.test(question)) return undefined;
  const asked = MEMORY_QUESTION.test(question) || asksAboutMe(question);
  if (!asked || !isQuestion(`${question}?`) || knownAlready(question, earlier, context)) return undefined;
  return {
    tool,
    arguments: { ...objectFor(tool.parameters, materialOf(question)), [firstText(tool) ?? "query"]: question },
  };
}

function knownAlready(question: string, earlier: readonly string[], context: readonly string[]): boolean {
  if (answerFromFacts(question, earlier) !== undefined) return true;
  return bestSentences(question, context.flatMap(sentences), 1).length > 0;
}

// Any tool that the user asks for by its name, with arguments from its schema.
function namedTools(tools: readonly ToolDefinition[], question: string, known: readonly Need[]): Need[] {
  const text = question.toLowerCase();
  const named = tools.filter(
    (tool) => !known.some((need) => need.tool === tool) && mentions(text, tool.name.toLowerCase()),
  );
  return named.map((tool) => withSchema(tool, question)).filter((need) => need !== undefined);
}

// Everyday words ("clock", "recall") are names only where the user says "use" or "call", or puts them in quotes.
function mentions(text: string, name: string): boolean {
  if (!text.includes(name) && !text.includes(name.replaceAll("_", " "))) return false;
  if (/[_\d-]/.test(name) && text.includes(name)) return true;
  const literal = name.replace(/[_-]/g, "[ _-]");
  return new RegExp(
    `\\b(?:use|using|call|run|invoke|try|with)\\s+(?:the\\s+)?(?:tool\\s+)?["'\`]?${literal}\\b|["'\`]${literal}["'\`]|\\b${literal}\\s+tool\\b`,
  ).test(text);
}

function withSchema(tool: ToolDefinition | undefined, text: string): Need | undefined {
  if (!tool) return undefined;
  const names = new RegExp(`["'\`]?\\b${tool.name}\\b["'\`]?`, "gi");
  return { tool, arguments: objectFor(tool.parameters, materialOf(text.replace(names, " ").trim() || text)) };
}

function savedText(question: string): string {
  return (
    question.replace(/^\s*(?:please\s+)?(?:remember|note|save|store|keep in mind)(?:\s+that)?[\s:,]*/i, "").trim() ||
    question
  );
}

function find(tools: readonly ToolDefinition[], name: RegExp): ToolDefinition | undefined {
  return tools.find((tool) => name.test(tool.name));
}

function firstText({ parameters }: ToolDefinition): string | undefined {
  const properties = parameters.properties ?? {};
  const names = [...(parameters.required ?? []), ...Object.keys(properties)];
  return names.find((name) => typeOf(properties[name] ?? {}) === "string");
}
