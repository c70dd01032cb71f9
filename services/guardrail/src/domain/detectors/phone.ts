import { DIGIT, hasClassAt, LETTER, NUMERIC, trailingRun, WORD } from "../characters.ts";
import { type Detector, span } from "../detector.ts";
import type { Match } from "../finding.ts";
import { endsFree, LONGEST_NUMBER, precededBy, startsFree } from "./number-text.ts";

const PHONE_WORDS =
  /phone|\btel\b|\bcall|\bcell|mobile|\bmob\b|\bfax|whatsapp|\bsms\b|\bdial|contact|hotline|toll[ -]?free|helpline|\bline\b|\bdesk\b|reach (?:me|us|him|her|them|our)/i;
/** Right before the number, perhaps with a few words between: "call our support team at". */
const CALL_WORDS =
  /(?:phone|\btel|\bcall|\bcell|mobile|\bmob|\bfax|whatsapp|\bsms|\bdial|hotline|toll[ -]?free|helpline|\bring|\btext)[a-z]{0,6}[^\w\n]{0,4}(?:(?:number|no|num|nr|at|is|me|us|him|her|them|to|on|our|the|my|line|office|team|support|now|today)\b[^\w\n]{0,3}){0,5}$/i;
/** Before ten digits: people and desks that one contacts "at" a number. */
const CONTACT_WORDS =
  /\b(?:contact|reach|desk|customer (?:service|support)|service team|support team|office)\b[^.\n\d]{0,40}(?:at|on|:|is)[: ]{0,2}$|contact[^\w\n]{0,3}$/i;
/** Numbers that are called something else. */
const OTHER_WORDS =
  /\b(?:mrn|record|chart|npi|order|ticket|invoice|part|serial|account|acct|tracking|isbn|policy|claim|member|case|patient id|sku|license|licence|passport|routing)\b[^.\n\d]{0,16}$/i;
// (212) 555-0123, 212-555-0123, 212.555.0123, with or without 1 before: area and exchange begin with 2 to 9 (NANP).
const NORTH_AMERICAN = /(?:1[ .-])?(?:\([2-9]\d{2}\)[ -]?[2-9]\d{2}[ .-]\d{4}|[2-9]\d{2}([ .-])[2-9]\d{2}\1\d{4})/y;
const UNIT = /^ ?(?:ms|s|sec|seconds|kg|g|km|m|mm|cm|px|kb|mb|gb|units?|pieces?|rows?)\b/i;
const LONGEST_UNIT = 9;
const EXTENSION = /[ ,]{0,2}(?:x|ext\.?|extension|extn\.?|#)[ :.]?[ ]?\d{1,6}(?!\w)/iy;
/** What may become an extension or a unit. */
const OPEN_EXTENSION = /[ ,]{0,2}(?:#|[A-Za-z]{0,9})[ :.]{0,2}\d{0,6}$/;
const LONGEST_EXTENSION = 22;
// With the digits that open an international or a long-distance call: 001-555-234-4567, 020 7946 0958, (0117) 496 0123.
const DIALLED =
  /(?:001[ .-][2-9]\d{2}[ .-]\d{3}[ .-]\d{4}|\(0\d{2,4}\) ?\d{3,4}[ -]?\d{3,4}|0[1-9]\d{1,3}[ -]\d{3,4}[ -]\d{3,4})/y;
// Groups as people write them, after words that call it a telephone number: 020 7946 0958, 0161/496-0000, (0117) 496 0123.
const NATIONAL = /\(?\d{1,5}\)?(?:[ ./-]{1,2}\(?\d{2,8}\)?){1,5}/y;
const EXPLANATION = "A telephone number.";

/**
 * Telephone numbers: international with "+", North American with separators, and plain digits where the words right
 * before say that they are one.
 */
export const phone: Detector = {
  name: "pii.phone",
  category: "pii",
  replacement: "[PHONE_REDACTED]",
  extent: span(LONGEST_NUMBER + LONGEST_EXTENSION),
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
    // A unit after the number may still show that it is none; an extension belongs to it.
    const tail = OPEN_EXTENSION.exec(text.slice(Math.max(from, text.length - LONGEST_EXTENSION)));
    const letters = text.length - (tail?.[0].length ?? 0);
    const start = trailingRun(text, NUMERIC, { floor: from, limit: LONGEST_NUMBER, end: letters });
    if (countDigits(text, start, letters) >= 7) return start;
    const last = trailingRun(text, NUMERIC, { floor: from, limit: LONGEST_NUMBER });
    const word = trailingRun(text, LETTER, { floor: from, limit: LONGEST_UNIT });
    const before = trailingRun(text, NUMERIC, { floor: from, limit: LONGEST_NUMBER, end: word });
    return word !== text.length && countDigits(text, before, word) >= 7 ? Math.min(before, last) : last;
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
  if (precededBy(text, start, { words: OTHER_WORDS, reach: 32 })) return undefined;
  NORTH_AMERICAN.lastIndex = start;
  if (NORTH_AMERICAN.test(text)) {
    const end = withExtension(text, NORTH_AMERICAN.lastIndex);
    if (!endsFree(text, end) || UNIT.test(text.slice(end, end + 10))) return undefined;
    const named = precededBy(text, start, { words: PHONE_WORDS, reach: 32 });
    return { start, end, score: named ? 0.95 : 0.7, explanation: EXPLANATION };
  }
  return dialled(text, start) ?? national(text, start) ?? plainDigits(text, start, groupEnd);
}

function withExtension(text: string, end: number): number {
  EXTENSION.lastIndex = end;
  return EXTENSION.test(text) ? EXTENSION.lastIndex : end;
}

function dialled(text: string, start: number): Match | undefined {
  DIALLED.lastIndex = start;
  if (!DIALLED.test(text)) return undefined;
  const numberEnd = DIALLED.lastIndex;
  const digits = countDigits(text, start, numberEnd);
  const end = withExtension(text, numberEnd);
  if (digits < 10 || digits > 13 || !endsFree(text, end)) return undefined;
  const named = precededBy(text, start, { words: PHONE_WORDS, reach: 32 });
  return { start, end, score: named ? 0.9 : 0.6, explanation: EXPLANATION };
}

function national(text: string, start: number): Match | undefined {
  NATIONAL.lastIndex = start;
  if (!NATIONAL.test(text)) return undefined;
  const numberEnd = NATIONAL.lastIndex;
  const end = withExtension(text, numberEnd);
  const digits = countDigits(text, start, numberEnd);
  if (digits < 7 || digits > 15 || !endsFree(text, end)) return undefined;
  if (!precededBy(text, start, { words: CALL_WORDS, reach: 48 })) return undefined;
  return { start, end, score: 0.8, explanation: EXPLANATION };
}

function plainDigits(text: string, start: number, groupEnd: number): Match | undefined {
  const size = groupEnd - start;
  const end = withExtension(text, groupEnd);
  if (size < 7 || size > 12 || !endsFree(text, end)) return undefined;
  const isCalled =
    precededBy(text, start, { words: CALL_WORDS, reach: 48 }) ||
    ((size === 10 || size === 11) && precededBy(text, start, { words: CONTACT_WORDS, reach: 60 }));
  return isCalled ? { start, end, score: 0.7, explanation: EXPLANATION } : undefined;
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
  end = withExtension(text, end);
  if (digits < 8 || !endsFree(text, end)) return undefined;
  return { start, end, score: 0.9, explanation: EXPLANATION };
}

function isPhoneGap(text: string, index: number): boolean {
  const character = text.charAt(index);
  if (character === "(" || character === ")") return true;
  if (character !== " " && character !== "-" && character !== "." && character !== "\u00a0") return false;
  return hasClassAt(text, index + 1, DIGIT) || text.charAt(index + 1) === "(";
}
