import { DIGIT, hasClassAt, LETTER, NUMERIC, trailingRun, WORD } from "../characters.ts";
import { type Detector, span } from "../detector.ts";
import type { Match } from "../finding.ts";
import { endsFree, LONGEST_NUMBER, precededBy, startsFree } from "./number-text.ts";

const PHONE_WORDS =
  /phone|\btel\b|\bcall|\bcell|mobile|\bfax|whatsapp|\bsms\b|\bdial|contact|\bline\b|reach (?:me|us|him|her|them)/i;
const CALL_WORDS =
  /(?:phone|\btel|\bcall|\bcell|mobile|\bfax|whatsapp|\bsms|\bdial)[a-z]{0,6}[^\w\n]{0,4}(?:(?:number|no|at|is|me|us|to|on)\b[^\w\n]{0,3}){0,3}$/i;
// (212) 555-0123, 212-555-0123, 212.555.0123, with or without 1 before: area and exchange begin with 2 to 9 (NANP).
const NORTH_AMERICAN = /(?:1[ .-])?(?:\([2-9]\d{2}\)[ -]?[2-9]\d{2}[ .-]\d{4}|[2-9]\d{2}([ .-])[2-9]\d{2}\1\d{4})/y;
const UNIT = /^ ?(?:ms|s|sec|seconds|kg|g|km|m|mm|cm|px|kb|mb|gb|units?|pieces?|rows?)\b/i;
const LONGEST_UNIT = 9;
const EXPLANATION = "A telephone number.";

/**
 * Telephone numbers: international with "+", North American with separators, and plain digits where the words right
 * before say that they are one.
 */
export const phone: Detector = {
  name: "pii.phone",
  category: "pii",
  replacement: "[PHONE_REDACTED]",
  extent: span(LONGEST_NUMBER + LONGEST_UNIT),
  find(view, report) {
    const { text, digitGroups: groups, from } = view;
    let free = from;
    for (let i = 0; i < groups.length; i += 2) {
      const digits = groups[i] as number;
      if (digits < free) continue;
      const end = groups[i + 1] as number;
      const before = text.charAt(digits - 1);
      const start = (before === "+" || before === "(") && digits > free ? digits - 1 : digits;
      const match = phoneAt(text, start, end) ?? (before === "(" ? phoneAt(text, digits, end) : undefined);
      if (match === undefined) continue;
      report(match);
      free = match.end;
    }
  },
  undecidedFrom({ text, from }) {
    // A unit after the number may still show that it is none.
    const letters = trailingRun(text, LETTER, { floor: from, limit: LONGEST_UNIT });
    const start = trailingRun(text, NUMERIC, { floor: from, limit: LONGEST_NUMBER, end: letters });
    return letters === text.length || countDigits(text, start, letters) >= 10 ? start : text.length;
  },
};

function countDigits(text: string, start: number, end: number): number {
  let count = 0;
  for (let i = start; i < end; i++) if (hasClassAt(text, i, DIGIT)) count++;
  return count;
}

function phoneAt(text: string, start: number, groupEnd: number): Match | undefined {
  if (text.charAt(start) === "+") return international(text, start);
  if (!startsFree(text, start) || /[/+]/.test(text.charAt(start - 1))) return undefined;
  NORTH_AMERICAN.lastIndex = start;
  if (NORTH_AMERICAN.test(text)) {
    const end = NORTH_AMERICAN.lastIndex;
    if (!endsFree(text, end) || UNIT.test(text.slice(end, end + 10))) return undefined;
    const named = precededBy(text, start, { words: PHONE_WORDS, reach: 32 });
    return { start, end, score: named ? 0.95 : 0.7, explanation: EXPLANATION };
  }
  const size = groupEnd - start;
  if (size < 7 || size > 12 || !endsFree(text, groupEnd)) return undefined;
  if (!precededBy(text, start, { words: CALL_WORDS, reach: 32 })) return undefined;
  return { start, end: groupEnd, score: 0.7, explanation: EXPLANATION };
}

// E.164: "+" and 8 to 15 digits; single separators and brackets may stand between them.
function international(text: string, start: number): Match | undefined {
  if (hasClassAt(text, start - 1, WORD) || text.charAt(start - 1) === "+") return undefined;
  if (text.charAt(start + 1) === "0") return undefined;
  const limit = Math.min(text.length, start + 32);
  let digits = 0;
  let end = start;
  for (let i = start + 1; i < limit && digits < 15; i++) {
    if (hasClassAt(text, i, DIGIT)) {
      digits++;
      end = i + 1;
    } else if (!isPhoneGap(text, i)) {
      break;
    }
  }
  if (digits < 8 || !endsFree(text, end)) return undefined;
  return { start, end, score: 0.9, explanation: EXPLANATION };
}

function isPhoneGap(text: string, index: number): boolean {
  const character = text.charAt(index);
  if (character === "(" || character === ")") return true;
  if (character !== " " && character !== "-" && character !== "." && character !== "\u00a0") return false;
  return hasClassAt(text, index + 1, DIGIT) || text.charAt(index + 1) === "(";
}
