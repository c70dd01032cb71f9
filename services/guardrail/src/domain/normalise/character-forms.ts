import { confusables } from "./confusables.ts";

/** Nothing is shown for these: zero-width characters, directional marks, soft hyphens, variation selectors, tags. */
const INVISIBLE = /^\p{Default_Ignorable_Code_Point}$/u;
const MARK = /^\p{M}$/u;
const MARKS = /\p{M}+/gu;
const DIGIT = /^\p{Nd}$/u;
const DASH = /^[\p{Pd}\u2212\u2043]$/u;
const SPACE = /^[\s\u2800\u3164]$/u;
const LATIN = /^[\x21-\x7e]+$/;
/** Negative circled and squared letters, which have no compatibility form. */
const ENCLOSED = [0x1f150, 0x1f170, 0x1f130] as const;
const QUOTES: Readonly<Record<string, string>> = {
  "\u2018": "'",
  "\u2019": "'",
  "\u02bc": "'",
  "\u201c": '"',
  "\u201d": '"',
  "\u2044": "/",
  "\u2215": "/",
  "\u2028": "\n",
  "\u2029": "\n",
  "\u0589": ":",
  "\ua789": ":",
  "\u2236": ":",
};

// Forms of the first plane as one code unit each; looked up once per character, computed when first met.
const UNKNOWN = 0;
const ELSEWHERE = 0xffff;
const single = new Uint16Array(65_536);
const others = new Map<number, string>();
/** Most forms kept of characters beyond the first plane and of those with forms of several letters. */
const MOST_KEPT = 8192;

/** What a character counts as: "" for invisible ones, the Latin letter for look-alikes, "5" for any digit five. */
export function formOf(codePoint: number): string {
  if (codePoint < 65_536) {
    const known = single[codePoint] as number;
    if (known !== UNKNOWN && known !== ELSEWHERE) return String.fromCharCode(known);
  }
  const kept = others.get(codePoint);
  if (kept !== undefined) return kept;
  const form = computeForm(codePoint);
  if (codePoint < 65_536 && form.length === 1) single[codePoint] = form.charCodeAt(0);
  else if (others.size < MOST_KEPT) others.set(codePoint, form);
  return form;
}

function computeForm(codePoint: number): string {
  const character = String.fromCodePoint(codePoint);
  if (codePoint >= 0xd800 && codePoint <= 0xdfff) return character;
  // Blank letters of Hangul are ignorable by name and wide in print.
  if (SPACE.test(character)) return QUOTES[character] ?? " ";
  if (INVISIBLE.test(character)) return "";
  const known = confusables.get(codePoint) ?? QUOTES[character] ?? enclosed(codePoint);
  if (known !== undefined) return known;
  if (DASH.test(character)) return "-";
  if (DIGIT.test(character)) return digitOf(codePoint, character);
  // Marks above and below Latin letters; marks of other scripts belong to their words.
  if (codePoint >= 0x300 && codePoint <= 0x36f) return "";
  return compatible(character);
}

function compatible(character: string): string {
  const composed = character.normalize("NFKC");
  if (MARK.test(character)) return composed;
  const base = character.normalize("NFKD").replace(MARKS, "");
  if (LATIN.test(base)) return base;
  const alike = base.length === 1 ? confusables.get(base.charCodeAt(0)) : undefined;
  return alike ?? composed;
}

function enclosed(codePoint: number): string | undefined {
  const first = ENCLOSED.find((start) => codePoint >= start && codePoint < start + 26);
  return first === undefined ? undefined : String.fromCharCode(97 + codePoint - first);
}

// Digits of a script stand in order; what has a compatibility form is an ASCII digit already.
function digitOf(codePoint: number, character: string): string {
  const form = character.normalize("NFKC");
  if (form >= "0" && form <= "9") return form;
  let first = codePoint;
  while (first > 0x80 && DIGIT.test(String.fromCodePoint(first - 1))) first--;
  return String((codePoint - first) % 10);
}
