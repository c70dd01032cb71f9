import type { RE2JS } from "re2js";
import { type Detector, span, whole } from "../detector.ts";

/** A pattern of a policy. */
export interface BlockedPattern {
  readonly name: string;
  readonly pattern: RE2JS;
  /** The longest match there can be: streams hold so many characters back. undefined: the pattern judges whole texts. */
  readonly maxLength: number | undefined;
  readonly explanation: string;
  /** A text that every match contains, in lower case; "": none is known. */
  readonly literal: string;
}

/** A detector for one pattern of a policy: matched by RE2's automata, in time linear in the text. */
export function blockedPatternDetector(blocked: BlockedPattern): Detector {
  const { name, pattern, maxLength, explanation, literal } = blocked;
  return {
    name: `pattern.${name}`,
    category: "blocked_pattern",
    replacement: `[${name.toUpperCase().replace(/[^A-Z0-9]+/g, "_")}_REDACTED]`,
    extent: maxLength === undefined ? whole : span(maxLength),
    find(view, report) {
      if (literal !== "" && !mayContain(view.folded, literal)) return;
      const matcher = pattern.matcher(view.text);
      let found = matcher.find(view.from);
      while (found) {
        const start = matcher.start();
        const end = matcher.end();
        if (end > start) report({ start, end, score: 1, explanation });
        found = matcher.find();
      }
    },
    undecidedFrom: ({ text, from }) => Math.max(from, maxLength === undefined ? from : text.length - maxLength),
  };
}

// A long s and the Kelvin sign match "s" and "k" without regard to case, but are not them in lower case.
function mayContain(folded: string, literal: string): boolean {
  return folded.includes(literal) || folded.includes("\u017f") || folded.includes("\u212a");
}

/**
 * The longest text, in lower case, that every match of a pattern contains; "" when none is plain to see. Only
 * characters outside of brackets count, and none when there are alternatives.
 */
export function requiredLiteral(pattern: string): string {
  let best = "";
  let run = "";
  let depth = 0;
  const close = () => {
    if (run.length > best.length) best = run;
    run = "";
  };
  for (let i = 0; i < pattern.length; i++) {
    const character = pattern.charAt(i);
    if (character === "|" && depth === 0) return "";
    if (character === "\\") {
      const escaped = pattern.charAt(++i);
      if (/[A-Za-z0-9]/.test(escaped)) {
        // A class, an anchor or a code: \Q, \p{L} and \x{41} are beyond this simple reading.
        if (/[QpPxCcou0-9k]/.test(escaped)) return "";
        close();
      } else if (depth === 0) run += escaped;
    } else if (character === "[") {
      close();
      i = endOfClass(pattern, i);
    } else if (character === "(") {
      close();
      depth++;
    } else if (character === ")") {
      depth--;
    } else if (character === "?" || character === "*" || character === "{") {
      run = run.slice(0, -1);
      close();
      if (character === "{") i = Math.max(i, pattern.indexOf("}", i));
    } else if (/[.^$+]/.test(character)) {
      close();
    } else if (depth === 0) {
      run += character;
    }
  }
  close();
  return /\(\?[a-zA-Z]*x/.test(pattern) ? "" : best.toLowerCase();
}

function endOfClass(pattern: string, open: number): number {
  let i = open + 1;
  if (pattern.charAt(i) === "^") i++;
  if (pattern.charAt(i) === "]") i++;
  for (; i < pattern.length && pattern.charAt(i) !== "]"; i++) if (pattern.charAt(i) === "\\") i++;
  return i;
}
