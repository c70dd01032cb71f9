import { DIGIT, hasClass, hasClassAt, TOKEN } from "./characters.ts";

/** How much text before `from` detectors may look at. */
export const CONTEXT_LENGTH = 64;

/** Shorter runs of token characters are no keys. */
const SHORTEST_TOKEN = 16;

/**
 * A text as detectors see it. What several of them need is computed once, when first asked for. Further forms of the
 * text (normalised, decoded), with a map of their offsets back to this one, belong here.
 */
export class TextView {
  /** Up to 64 characters of context, then what is to be checked. */
  readonly text: string;
  /** Matches start here or later. */
  readonly from: number;
  #folded: string | undefined;
  #digitGroups: readonly number[] | undefined;
  #longTokens: readonly number[] | undefined;

  constructor(text: string, from = 0) {
    this.text = text;
    this.from = from;
  }

  /** The text in lower case; only for "does it contain": offsets may differ. */
  get folded(): string {
    this.#folded ??= this.text.toLowerCase();
    return this.#folded;
  }

  /** Where groups of digits are: start, end, start, end, ... One that began before `from` was seen by an earlier view. */
  get digitGroups(): readonly number[] {
    this.#digitGroups ??= digitGroupsOf(this.text, this.from);
    return this.#digitGroups;
  }

  /** Where runs of at least 16 token characters are: start, end, start, end, ... */
  get longTokens(): readonly number[] {
    this.#longTokens ??= longTokensOf(this.text, this.from);
    return this.#longTokens;
  }
}

// A regular expression skips what is no digit several times faster than a loop over character codes.
const DIGITS = /[0-9]+/g;

function digitGroupsOf(text: string, from: number): readonly number[] {
  let groups: number[] | undefined;
  let start = from;
  if (hasClassAt(text, from - 1, DIGIT)) while (hasClassAt(text, start, DIGIT)) start++;
  DIGITS.lastIndex = start;
  for (let found = DIGITS.exec(text); found !== null; found = DIGITS.exec(text)) {
    groups ??= [];
    groups.push(found.index, DIGITS.lastIndex);
  }
  return groups ?? NONE;
}

// Looks at every 16th character and goes back from there: prose is passed in strides.
function longTokensOf(text: string, from: number): readonly number[] {
  let tokens: number[] | undefined;
  let start = from;
  while (start + SHORTEST_TOKEN <= text.length) {
    let index = start + SHORTEST_TOKEN - 1;
    while (index >= start && hasClass(text.charCodeAt(index), TOKEN)) index--;
    if (index >= start) {
      start = index + 1;
      continue;
    }
    let end = start + SHORTEST_TOKEN;
    while (end < text.length && hasClass(text.charCodeAt(end), TOKEN)) end++;
    tokens ??= [];
    tokens.push(start, end);
    start = end + 1;
  }
  return tokens ?? NONE;
}

const NONE: readonly number[] = [];
