import { NUMERIC, trailingRun } from "../characters.ts";
import { type Detector, span } from "../detector.ts";
import type { Match } from "../finding.ts";
import type { TextView } from "../text-view.ts";
import { endsFree, LONGEST_NUMBER, precededBy, separatorBetween, startsFree } from "./number-text.ts";

const SSN_WORDS = /\bssn\b|social[ -]?sec|soc\.? ?sec|\bss ?#|taxpayer/i;

/** As far after the number a word may stand that says what it is: "123 45 6789 as the applicant's SSN". */
const REACH_AFTER = 40;
const SSN_AFTER = /^[^.\n]{0,32}(?:\bssn\b|social[ -]?security)/i;
// What follows may still decide about these. More than are numbers in the end: holding one back costs little.
const UNDECIDED = /(?<!\d)(?:\d{9}|\d{3}(\D)\d{2}\1\d{4})(?!\d)/g;

/**
 * US social security numbers. Numbers that were never issued are left alone (area 000, 666 and 9xx, group 00, serial
 * 0000: SSA, "Social Security Number Randomization"). Without hyphens only where a word nearby says so.
 */
export const socialSecurityNumber: Detector = {
  name: "pii.ssn",
  category: "pii",
  replacement: "[SSN_REDACTED]",
  extent: span(LONGEST_NUMBER + REACH_AFTER),
  find(view, report) {
    for (let i = 0; i < view.digitGroups.length; i += 2) {
      const match = ssnAt(view, i);
      if (match !== undefined) report(match);
    }
  },
  undecidedFrom({ text, from }) {
    const numbers = trailingRun(text, NUMERIC, { floor: from, limit: LONGEST_NUMBER });
    const tail = Math.max(from, text.length - REACH_AFTER - 11);
    const found = text.slice(Math.max(0, tail - 1)).matchAll(UNDECIDED);
    for (const { index, 0: number } of found) {
      const start = Math.max(0, tail - 1) + index;
      const after = text.slice(start + number.length);
      if (start >= from && after.length < REACH_AFTER && !/[.\n]/.test(after)) return Math.min(start, numbers);
    }
    return numbers;
  },
};

function ssnAt(view: TextView, first: number): Match | undefined {
  const { text, digitGroups: groups } = view;
  const start = groups[first] as number;
  const size = (groups[first + 1] as number) - start;
  if (size !== 3 && size !== 9) return undefined;
  const written = size === 9 ? { end: start + 9, hyphens: false } : grouped(text, groups, first);
  if (written === undefined || !startsFree(text, start) || !endsFree(text, written.end)) return undefined;
  const named =
    precededBy(text, start, { words: SSN_WORDS, reach: 48 }) ||
    SSN_AFTER.test(text.slice(written.end, written.end + REACH_AFTER));
  if (!written.hyphens && !named) return undefined;
  if (!wasIssued(text.slice(start, written.end).replace(/\D/g, ""), named)) return undefined;
  return { start, end: written.end, score: named ? 0.98 : 0.85, explanation: "A US social security number." };
}

// 123-45-6789 or 123 45 6789
function grouped(
  text: string,
  groups: readonly number[],
  first: number,
): { end: number; hyphens: boolean } | undefined {
  const [end1, start2, end2, start3, end3] = groups.slice(first + 1, first + 6);
  if (end1 === undefined || start2 === undefined || end2 === undefined || start3 === undefined) return undefined;
  if (end3 === undefined || end2 - start2 !== 2 || end3 - start3 !== 4) return undefined;
  const separator = separatorBetween(text, end1, start2);
  if (separator === undefined || separatorBetween(text, end2, start3) !== separator) return undefined;
  return {
    end: end3,
    hyphens: separator !== "." && separator !== " " && separator !== "\u00a0" && separator !== "\u202f",
  };
}

// Numbers that begin with 9 are those of taxpayers without a social security number; only when they are called one.
function wasIssued(digits: string, named: boolean): boolean {
  const area = digits.slice(0, 3);
  if (area === "000" || area === "666" || (area.startsWith("9") && !named)) return false;
  return digits.slice(3, 5) !== "00" && digits.slice(5) !== "0000";
}
