import { DIGIT, hasClass, hasClassAt, TOKEN } from "./characters.ts";
import { type DecodedView, decodedViews } from "./normalise/decoded-views.ts";
import { composed, type MappedText } from "./normalise/offset-map.ts";
import { plainText } from "./normalise/plain-text.ts";
import { spelledText } from "./normalise/spelled-text.ts";
import { FOREIGN, traitsOf } from "./normalise/traits.ts";

/** Another form of a text, with the way back. */
export interface Form {
  readonly view: TextView;
  readonly map: MappedText;
}

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
  #traits: number | undefined;
  #plain: Form | undefined;
  #spelled: Form | undefined;
  #decoded: readonly DecodedView[] | undefined;

  constructor(text: string, from = 0) {
    this.text = text;
    this.from = from;
  }

  /** The text in lower case; only for "does it contain": offsets may differ. */
  get folded(): string {
    this.#folded ??= this.text.toLowerCase();
    return this.#folded;
  }

  /** What `traitsOf` noticed. */
  get traits(): number {
    this.#traits ??= traitsOf(this.text);
    return this.#traits;
  }

  /** The text with every character in its plain form; undefined: it has that form already. */
  get plain(): Form | undefined {
    if ((this.traits & FOREIGN) === 0) return undefined;
    if (this.#plain === undefined) {
      const map = plainText(this.text);
      this.#plain = { view: new TextView(map.text, map.fromOriginal(this.from)), map };
    }
    return this.#plain;
  }

  /** The plain text with spelling tricks undone; undefined: there are none. */
  get spelled(): Form | undefined {
    if (this.#spelled === undefined) {
      const { view, map } = this.plain ?? { view: this, map: undefined };
      const spelled = spelledText(view.text, view.traits);
      const whole = map === undefined ? spelled : composed(map, spelled);
      const own = spelled.text === view.text ? view : new TextView(spelled.text, spelled.fromOriginal(view.from));
      this.#spelled = { view: own, map: whole };
    }
    return this.#spelled.view === (this.plain?.view ?? this) ? undefined : this.#spelled;
  }

  /** Texts found encoded in this one. */
  get decoded(): readonly DecodedView[] {
    this.#decoded ??= decodedViews(this.text, this.from, this.traits);
    return this.#decoded;
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
