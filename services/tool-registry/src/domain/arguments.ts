/** Arguments as a model wrote them: text that may be anything. */
import type { JsonObject, JsonValue } from "./tool.ts";
import { ToolFailure } from "./tool-failure.ts";

/** Longest arguments, in bytes of UTF-8. */
export const maxArgumentsBytes = 256 * 1024;
/** Objects and lists inside each other. */
const deepest = 32;

/**
 * The arguments as an object; empty text is {}.
 * @throws ToolFailure for what is no JSON object of reasonable size and depth
 */
export function parseArguments(text: string): JsonObject {
  if (
    text.length > maxArgumentsBytes ||
    (text.length > maxArgumentsBytes / 3 && byteLength(text) > maxArgumentsBytes)
  ) {
    throw new ToolFailure("The arguments are longer than 256 KiB. Pass less.");
  }
  if (text.trim() === "") return {};
  const value = parse(text);
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new ToolFailure(`The arguments must be a JSON object such as {"name": "value"}, not ${kindOf(value)}.`);
  }
  inspect(value, 1);
  return value as JsonObject;
}

/** "a list", "a number" …, for messages. */
export function kindOf(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "a list";
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}

function parse(text: string): JsonValue {
  try {
    return JSON.parse(text) as JsonValue;
  } catch (error) {
    // The engine's own message quotes the text, which may be long or secret; its position is what helps.
    const position = / position (\d+)/.exec(error instanceof Error ? error.message : "")?.[1];
    const where = position === undefined ? "" : ` at position ${position}`;
    throw new ToolFailure(`The arguments are not valid JSON${where}. Write one JSON object, nothing around it.`);
  }
}

function inspect(value: object, depth: number): void {
  if (depth > deepest) throw new ToolFailure(`The arguments are nested deeper than ${deepest} levels.`);
  for (const name of Object.keys(value)) {
    // Own property here, prototype in code that copies carelessly.
    if (name === "__proto__") throw new ToolFailure('The name "__proto__" is not allowed in arguments.');
    const child = (value as Record<string, unknown>)[name];
    if (typeof child === "object" && child !== null) inspect(child, depth + 1);
  }
}

function byteLength(text: string): number {
  return new TextEncoder().encode(text).byteLength;
}
