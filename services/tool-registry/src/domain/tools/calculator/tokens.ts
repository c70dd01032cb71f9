import { ToolFailure } from "../../tool-failure.ts";

/** A piece of an expression. `at` is its position, from 1. */
export interface Token {
  readonly kind: "number" | "name" | "symbol" | "end";
  readonly text: string;
  readonly at: number;
}

const pattern =
  /\s*(?:(?<number>(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)|(?<name>[A-Za-z_][A-Za-z0-9_]*)|(?<symbol>\*\*|[-+*/%^(),]))/y;
/** What people and models type for the operators. */
const spellings: ReadonlyMap<string, string> = new Map([
  ["×", "*"],
  ["·", "*"],
  ["÷", "/"],
  ["−", "-"],
  ["–", "-"],
]);

/**
 * Splits an expression.
 * @throws ToolFailure naming what does not belong there
 */
export function tokenize(expression: string): Token[] {
  const text = expression.replace(/[×·÷−–]/g, (sign) => spellings.get(sign) ?? sign).trimEnd();
  const tokens: Token[] = [];
  pattern.lastIndex = 0;
  while (pattern.lastIndex < text.length) {
    const start = pattern.lastIndex;
    const match = pattern.exec(text);
    if (match === null) throw unexpected(text, start);
    tokens.push(tokenOf(match));
  }
  tokens.push({ kind: "end", text: "the end", at: text.length + 1 });
  return tokens;
}

function tokenOf({ 0: { length }, index, groups = {} }: RegExpExecArray): Token {
  const { number, name, symbol } = groups;
  if (number !== undefined) return { kind: "number", text: number, at: index + length - number.length + 1 };
  if (name !== undefined) return { kind: "name", text: name.toLowerCase(), at: index + length - name.length + 1 };
  const text = symbol ?? "";
  return { kind: "symbol", text: text === "**" ? "^" : text, at: index + length - text.length + 1 };
}

function unexpected(text: string, start: number): ToolFailure {
  const rest = text.slice(start).trimStart();
  const character = String.fromCodePoint(rest.codePointAt(0) ?? 0);
  const at = text.length - rest.length + 1;
  return new ToolFailure(
    `Unexpected ${JSON.stringify(character)} at position ${at}. Write numbers without units or separators.`,
  );
}
