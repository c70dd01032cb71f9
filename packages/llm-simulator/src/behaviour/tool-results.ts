import type { ToolDefinition } from "../wire/chat-request.ts";
import { isObject } from "../wire/parse-json.ts";
import type { Need, ToolOutcome } from "./decision.ts";
import { coerce, materialOf, objectFor, typeOf } from "./schema-values.ts";
import { bestSentences, excerpt } from "./words.ts";

/** The error a tool's result tells of; undefined for a good result. */
export function errorIn(result: string): string | undefined {
  const value = parse(result);
  if (isObject(value)) {
    const error =
      value.error ??
      value.errors ??
      (value.is_error === true || value.isError === true ? (value.message ?? value.content ?? "failed") : undefined);
    if (error === undefined || error === null || error === false) return undefined;
    if (isObject(error) && typeof error.message === "string") return error.message;
    return typeof error === "string" ? error : JSON.stringify(error);
  }
  return /^\s*(?:error|failed|failure|exception|invalid|\[?tool error)\b/i.test(result) ? result.trim() : undefined;
}

/**
 * Another attempt after an error that names a parameter: what is missing is added, what has the wrong type converted.
 * Undefined when nothing would change, so that a hopeless call is not repeated.
 */
export function corrected(tool: ToolDefinition, outcome: ToolOutcome, question: string): Need | undefined {
  const error = errorIn(outcome.result) ?? "";
  const before = parse(outcome.arguments);
  if (!isObject(before)) return { tool, arguments: objectFor(tool.parameters, materialOf(question)) };
  const after: Record<string, unknown> = { ...before };
  for (const [name, schema] of Object.entries(tool.parameters.properties ?? {})) {
    if (!new RegExp(`\\b${name.replace(/\W/g, "\\$&")}\\b`).test(error)) continue;
    const value = after[name];
    if (value === undefined)
      Object.assign(after, objectFor({ properties: { [name]: schema }, required: [name] }, materialOf(question)));
    else if (typeOf(schema) === "string" && typeof value !== "string") after[name] = String(value);
    else if (typeof value === "string") after[name] = coerce(value, schema);
  }
  for (const name of Object.keys(after)) {
    if (/additional|unknown|unexpected/i.test(error) && error.includes(name) && !tool.parameters.properties?.[name])
      delete after[name];
  }
  return JSON.stringify(after) === JSON.stringify(before) ? undefined : { tool, arguments: after };
}

/** What the results of this turn say in words. */
export function answerFromResults(outcomes: readonly ToolOutcome[], question: string): string {
  // Of a call that was corrected only the last result counts.
  const last = new Map(
    outcomes.map((outcome) => [
      errorIn(outcome.result) === undefined ? `${outcome.name} ${outcome.arguments}` : outcome.name,
      outcome,
    ]),
  );
  const good = new Set(
    [...last.values()].filter((outcome) => errorIn(outcome.result) === undefined).map((outcome) => outcome.name),
  );
  const told = [...last.values()].filter((outcome) => errorIn(outcome.result) === undefined || !good.has(outcome.name));
  return told.map((outcome) => inWords(outcome, question)).join(" ");
}

function inWords(outcome: ToolOutcome, question: string): string {
  const error = errorIn(outcome.result);
  if (error !== undefined)
    return `The tool ${outcome.name} failed: ${excerpt(error.replace(/^error:\s*/i, ""), 200).replace(/[.\s]+$/, "")}.`;
  if (/calc|math|arithmetic/i.test(outcome.name)) return calculated(outcome);
  if (/clock|(?:^|_)(?:time|date|now)(?:$|_)/i.test(outcome.name)) return `It is ${clockText(outcome.result)}.`;
  if (/recall|memory|notes|knowledge|retriev/i.test(outcome.name)) return quoted(outcome.result, question);
  const text = textsIn(parse(outcome.result)).join("; ") || outcome.result;
  return text.trim() === "" ? `${outcome.name} returned nothing.` : `${outcome.name} returned: ${excerpt(text, 600)}`;
}

function calculated({ arguments: text, result }: ToolOutcome): string {
  const call = parse(text);
  const expression = isObject(call) ? Object.values(call).find((value) => typeof value === "string") : undefined;
  return `${expression ?? text} = ${scalarIn(parse(result)) ?? result}`;
}

function clockText(result: string): string {
  const value = parse(result);
  if (!isObject(value)) return result;
  const time = value.iso ?? value.now ?? value.datetime ?? value.date_time ?? value.time ?? value.local ?? value.utc;
  const zone = value.timezone ?? value.time_zone ?? value.timeZone ?? value.zone;
  const weekday = value.weekday ?? value.day_of_week;
  if (typeof time !== "string") return textsIn(value).join(" ");
  return `${typeof weekday === "string" ? `${weekday}, ` : ""}${time}${typeof zone === "string" ? ` (${zone})` : ""}`;
}

function quoted(result: string, question: string): string {
  const value = parse(result);
  const texts = typeof value === "string" ? value.split(/\n+/) : textsIn(value);
  const found = texts
    .map((text) => text.trim())
    .filter((text) => text !== "" && !/^(?:\[\]|none|nothing found\.?|no results\.?)$/i.test(text));
  if (found.length === 0) return "I found nothing about that in your notes.";
  const best = bestSentences(question, found, 3);
  const quotes = best.length > 0 ? best : found.slice(0, 3);
  return `According to your notes: ${quotes.map((text) => `"${excerpt(text, 300)}"`).join(" ")}`;
}

// Names under which tools put what a reader wants; other names hold ids, scores and times.
const TEXT_NAMES =
  /^(?:text|content|fact|value|snippet|memory|note|summary|title|result|answer|output|message|body|description)s?$/i;

function textsIn(value: unknown, depth = 0): string[] {
  if (typeof value === "string" || typeof value === "number" || typeof value === "boolean") return [String(value)];
  if (depth > 5 || value === null || value === undefined) return [];
  if (Array.isArray(value)) return value.flatMap((item) => textsIn(item, depth + 1));
  if (!isObject(value)) return [];
  const entries = Object.entries(value);
  const texts = entries.filter(([name, item]) => TEXT_NAMES.test(name) || (typeof item === "object" && item !== null));
  const known = texts.flatMap(([, item]) => textsIn(item, depth + 1));
  if (known.length > 0 || texts.length > 0) return known;
  return entries.map(([name, item]) => `${name}: ${textsIn(item, depth + 1).join(", ")}`);
}

function scalarIn(value: unknown): string | undefined {
  if (typeof value === "number" || typeof value === "string") return String(value).trim();
  if (!isObject(value)) return undefined;
  return scalarIn(value.result ?? value.value ?? value.answer ?? value.output);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
