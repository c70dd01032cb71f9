import { composed, type MappedText, MappedTextBuilder, unchanged } from "./offset-map.ts";
import { DISGUISED, SPACED, TAGGED, traitsOf } from "./traits.ts";
import { triggerWords } from "./trigger-words.ts";

/** Longest tag or markup that is taken out between the letters of a word. */
const LONGEST_TAG = 48;
/** Longest trigger word. */
const LONGEST_WORD = 16;
const SEPARATORS = " .\\-_*|/,+~";

const SPACED_RUN = new RegExp(
  `(?<![A-Za-z0-9])[A-Za-z]([${SEPARATORS}])(?:[A-Za-z](?:\\1| {1,3})(?=[A-Za-z](?![A-Za-z0-9]))){3,}[A-Za-z](?![A-Za-z0-9])`,
  "g",
);
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
  const end = text.length;
  let settled = end;
  const open = text.lastIndexOf("<");
  if (open >= end - LONGEST_TAG && open > 0) settled = settledTag(text, open);
  const tail = /[A-Za-z](?:\*+|`|~+|_+)$/.exec(text.slice(-8));
  if (tail !== null) settled = Math.min(settled, end - tail[0].length);
  return Math.min(settled, startOfSpacedTail(text), startOfLastWord(text));
}

function settledTag(text: string, open: number): number {
  const close = text.indexOf(">", open);
  if (close >= 0 && close < text.length - 1) return text.length;
  // A chain of tags inside one word: the word begins before the first of them.
  let start = open;
  const lowest = Math.max(0, open - 2 * LONGEST_TAG);
  while (start > lowest && /[A-Za-z>]/.test(text.charAt(start - 1))) {
    if (text.charAt(start - 1) === ">") {
      const before = text.lastIndexOf("<", start - 1);
      if (before < lowest) break;
      start = before;
    } else start--;
  }
  return start;
}

// "i g n": fewer than five letters may still become a word.
function startOfSpacedTail(text: string): number {
  const found = /(?<![A-Za-z0-9])[A-Za-z](?:[ .\-_*|/,+~]{1,3}[A-Za-z]?(?![A-Za-z0-9])){0,12}$/.exec(text.slice(-48));
  return found === null ? text.length : Math.max(0, text.length - 48) + found.index;
}

function startOfLastWord(text: string): number {
  let start = text.length;
  while (start > 0 && text.length - start <= LONGEST_WORD && /[A-Za-z0-9@$!|]/.test(text.charAt(start - 1))) start--;
  return start;
}

// The wider gap parts words: "a l l  r u l e s", "a-l-l r-u-l-e-s".
function withoutSpacing(text: string): MappedText {
  const builder = new MappedTextBuilder(text);
  for (const found of text.matchAll(SPACED_RUN)) {
    const separator = found[1] as string;
    for (const gap of found[0].matchAll(/[^A-Za-z]+/g)) {
      builder.replace(found.index + gap.index, gap[0].length, gap[0] === separator ? "" : " ");
    }
  }
  return builder.finish();
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
