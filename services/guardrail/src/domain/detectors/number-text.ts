/** What the detectors of numbers share: separators between groups of digits, boundaries, words nearby. */
import { DIGIT, hasClassAt, WORD } from "../characters.ts";

/** Longer numbers than this, separators included, are nobody's. */
export const LONGEST_NUMBER = 48;

const SEPARATORS = new Set([" ", "-", ".", "\u00a0", "\u2010", "\u2011", "\u202f"]);

/** The separator when exactly one stands between two groups of digits, otherwise undefined. */
export function separatorBetween(text: string, end: number, nextStart: number | undefined): string | undefined {
  if (nextStart !== end + 1) return undefined;
  const character = text.charAt(end);
  return SEPARATORS.has(character) ? character : undefined;
}

/** Whether nothing before `start` makes the number part of a longer word or number. */
export function startsFree(text: string, start: number): boolean {
  if (hasClassAt(text, start - 1, WORD)) return false;
  const before = text.charAt(start - 1);
  return !((before === "." || before === "-" || before === ",") && hasClassAt(text, start - 2, DIGIT));
}

/** Whether nothing after `end` makes the number part of a longer word or number. */
export function endsFree(text: string, end: number): boolean {
  if (hasClassAt(text, end, WORD)) return false;
  const after = text.charAt(end);
  return !((after === "." || after === "-" || after === ",") && hasClassAt(text, end + 1, DIGIT));
}

/** Whether `words` matches in the `reach` characters before `start`; at most 64. */
export function precededBy(text: string, start: number, { words, reach }: { words: RegExp; reach: number }): boolean {
  return words.test(text.slice(Math.max(0, start - reach), start));
}

/** Whether a number ends in the check digit of Luhn's algorithm (ISO/IEC 7812-1, annex B). */
export function passesLuhn(digits: string): boolean {
  let sum = 0;
  for (let i = digits.length - 1, double = false; i >= 0; i--, double = !double) {
    const digit = digits.charCodeAt(i) - 48;
    const doubled = digit * 2;
    sum += double ? (doubled > 9 ? doubled - 9 : doubled) : digit;
  }
  return sum % 10 === 0;
}
