import { composed, type MappedText, MappedTextBuilder, unchanged } from "./offset-map.ts";
import { DISGUISED, SPACED, TAGGED, traitsOf } from "./traits.ts";
import { triggerWords } from "./trigger-words.ts";

/** Longest tag or markup that is taken out between the letters of a word. */
const LONGEST_TAG = 48;
/** Longest trigger word. */
const LONGEST_WORD = 16;
// Letters with one of these, or with one to three spaces, between them. The alternatives never match the same text, so
// there is one way to read a run and time stays linear.
const GAP = "(?:([.\\-_*|/,+~])(?:[A-Za-z](?:\\1| {1,2}))*| {1,3}(?:[A-Za-z] {1,3})*)";
const LONE = "(?<![A-Za-z0-9])[A-Za-z]";
const SPACED_RUN = new RegExp(`${LONE}${GAP}[A-Za-z](?![A-Za-z0-9])`, "g");
const SPACED_TAIL = new RegExp(`${LONE}${GAP}[A-Za-z]?$`);
/** Fewer single letters are initials, an enumeration, a formula. */
const FEWEST_LETTERS = 5;
const DISGUISED_WORD = /(?<![A-Za-z0-9@$])[A-Za-z013457@$!|]{2,16}(?![A-Za-z0-9@$])/g;
const TAG = new RegExp(`(?<=[A-Za-z])(?:<[^<>\\s][^<>]{0,${LONGEST_TAG - 3}}>|\\*\\*|\`|~~|__){1,4}(?=[A-Za-z])`, "g");
const LEET: Readonly<Record<string, string>> = {
  "0": "o",
  "3": "e",
  "4": "a",
  "5": "s",
  "7": "t",
  "@": "a",
  $: "s",
};

/**
 * A plain text with the spelling tricks undone: words written letter by letter ("i g n o r e"), digits for letters
 * ("1gn0re"; only in words that attacks use), tags and emphasis inside a word ("ig<b></b>nore").
 */
export function spelledText(text: string, traits = traitsOf(text)): MappedText {
  if ((traits & (DISGUISED | SPACED | TAGGED)) === 0) return unchanged(text);
  let result = unchanged(text);
  const undo = (next: MappedText) => {
    if (next.text !== result.text) result = result.text === text ? next : composed(result, next);
  };
  if ((traits & TAGGED) !== 0) undo(replaced(result.text, TAG, () => ""));
  if ((traits & (SPACED | TAGGED)) !== 0) undo(withoutSpacing(result.text));
  if ((traits & (DISGUISED | TAGGED)) !== 0) {
    undo(replaced(result.text, DISGUISED_WORD, (word) => readable(word) ?? word));
  }
  return result;
}

/** Up to where more text behind it cannot change how a text is spelled. */
export function settledSpelling(text: string): number {
  const open = text.lastIndexOf("<");
  const isOpen = open >= text.length - LONGEST_TAG && open > 0 && text.indexOf(">", open) < 0;
  return Math.min(startOfSpacedTail(text), startOfLastWord(text, isOpen ? open : text.length));
}

// "i g n": fewer than five letters may still become a word; of more only the last one can still be part of another.
function startOfSpacedTail(text: string): number {
  const offset = Math.max(0, text.length - 64);
  const found = SPACED_TAIL.exec(text.slice(offset));
  if (found === null) return text.length;
  if (countLetters(found[0]) <= FEWEST_LETTERS) return offset + found.index;
  return text.length - (/[^A-Za-z]*[A-Za-z]?$/.exec(text.slice(-8))?.[0].length ?? 0);
}

// Back over letters, what may stand for letters, and the markup between them.
function startOfLastWord(text: string, end: number): number {
  let start = end;
  const lowest = Math.max(0, end - LONGEST_WORD - 4 * LONGEST_TAG);
  while (start > lowest) {
    const before = text.charAt(start - 1);
    if (/[A-Za-z0-9@$!|*`~_]/.test(before)) start--;
    else {
      const tag = before === ">" ? text.lastIndexOf("<", start - 1) : -1;
      if (tag < Math.max(lowest, start - LONGEST_TAG)) break;
      start = tag;
    }
  }
  return start;
}

// The wider gap parts words: "a l l  r u l e s", "a-l-l r-u-l-e-s".
function withoutSpacing(text: string): MappedText {
  const builder = new MappedTextBuilder(text);
  for (const found of text.matchAll(SPACED_RUN)) {
    if (countLetters(found[0]) < FEWEST_LETTERS) continue;
    const separator = found[1] ?? " ";
    for (const gap of found[0].matchAll(/[^A-Za-z]+/g)) {
      builder.replace(found.index + gap.index, gap[0].length, gap[0] === separator ? "" : " ");
    }
  }
  return builder.finish();
}

function countLetters(run: string): number {
  return run.match(/[A-Za-z]/g)?.length ?? 0;
}

function readable(word: string): string | undefined {
  if (!/[013457@$!|]/.test(word) || !/[A-Za-z]/.test(word)) return undefined;
  const letters = word.toLowerCase().replace(/[03457@$]/g, (character) => LEET[character] as string);
  for (const one of ["i", "l"]) {
    const candidate = letters.replace(/[1!|]/g, one);
    if (triggerWords.has(candidate)) return candidate;
  }
  return undefined;
}

function replaced(text: string, pattern: RegExp, replacementOf: (found: string) => string): MappedText {
  let builder: MappedTextBuilder | undefined;
  for (const found of text.matchAll(pattern)) {
    const replacement = replacementOf(found[0]);
    if (replacement === found[0]) continue;
    builder ??= new MappedTextBuilder(text);
    builder.replace(found.index, found[0].length, replacement);
  }
  return builder?.finish() ?? unchanged(text);
}
