import { DIGIT, hasClass, TOKEN } from "./characters.ts";

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
  #survey: Survey | undefined;

  constructor(text: string, from = 0) {
    this.text = text;
    this.from = from;
  }

  /** The text in lower case; only for "does it contain": offsets may differ. */
  get folded(): string {
    this.#folded ??= this.text.toLowerCase();
    return this.#folded;
  }

  /** Where groups of digits are. */
  get digitGroups(): readonly number[] {
    return this.survey().digitGroups;
  }

  /** Where long runs of token characters are. */
  get longTokens(): readonly number[] {
    return this.survey().longTokens;
  }

  private survey(): Survey {
    this.#survey ??= surveyOf(this.text, this.from);
    return this.#survey;
  }
}

/** Flat lists of start and end, in order. */
interface Survey {
  readonly digitGroups: number[];
  readonly longTokens: number[];
}

// One pass for all detectors of numbers and keys. A group that began before `from` was seen by an earlier view.
function surveyOf(text: string, from: number): Survey {
  const digitGroups: number[] = [];
  const longTokens: number[] = [];
  const length = text.length;
  let tokenStart = -1;
  let digitStart = -1;
  let previous = from > 0 && hasClass(text.charCodeAt(from - 1), DIGIT);
  for (let i = from; i <= length; i++) {
    const code = i < length ? text.charCodeAt(i) : 0;
    if (hasClass(code, DIGIT)) {
      if (!previous) digitStart = i;
      previous = true;
    } else {
      if (digitStart >= 0) digitGroups.push(digitStart, i);
      digitStart = -1;
      previous = false;
    }
    if (hasClass(code, TOKEN)) {
      if (tokenStart < 0) tokenStart = i;
    } else {
      if (tokenStart >= 0 && i - tokenStart >= SHORTEST_TOKEN) longTokens.push(tokenStart, i);
      tokenStart = -1;
    }
  }
  return { digitGroups, longTokens };
}
