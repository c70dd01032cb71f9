/** A range of UTF-16 code units. */
export interface Range {
  readonly start: number;
  readonly end: number;
}

/** A text made from another one, with the way back to the other one's offsets. */
export interface MappedText {
  readonly text: string;
  /** Where in the original the characters from `start` to `end` come from. */
  toOriginal(start: number, end: number): Range;
  /** The first index here whose character stands at `index` or later in the original. */
  fromOriginal(index: number): number;
}

/** A text that is its own original. */
export function unchanged(text: string): MappedText {
  return { text, toOriginal: (start, end) => ({ start, end }), fromOriginal: (index) => index };
}

/**
 * Builds a text out of another one. Only places where lengths differ are stored (four numbers each), so a text whose
 * characters were replaced one by one needs no map at all.
 */
export class MappedTextBuilder {
  readonly #original: string;
  #text = "";
  #copied = 0;
  /** Per difference: index here, length here, index in the original, length there. */
  readonly #differences: number[] = [];

  constructor(original: string) {
    this.#original = original;
  }

  /** Puts `replacement` in place of `length` code units at `index`; calls come in order of index. */
  replace(index: number, length: number, replacement: string): void {
    this.#text += this.#original.slice(this.#copied, index);
    if (replacement.length !== 1 || length !== 1) {
      this.#differences.push(this.#text.length, replacement.length, index, length);
    }
    this.#text += replacement;
    this.#copied = index + length;
  }

  /** The text so far and the rest of the original up to `end`. */
  finish(end = this.#original.length): MappedText {
    const text = this.#copied < end ? this.#text + this.#original.slice(this.#copied, end) : this.#text;
    return this.#differences.length === 0
      ? { ...unchanged(text) }
      : new DifferenceMap(text, Int32Array.from(this.#differences));
  }
}

class DifferenceMap implements MappedText {
  readonly text: string;
  readonly #differences: Int32Array;

  constructor(text: string, differences: Int32Array) {
    this.text = text;
    this.#differences = differences;
  }

  toOriginal(start: number, end: number): Range {
    const first = this.#charactersAt(start);
    return { start: first.start, end: end > start ? this.#charactersAt(end - 1).end : first.start };
  }

  fromOriginal(index: number): number {
    const at = this.#lastBefore(2, index) * 4;
    if (at < 0) return index;
    const [here, hereLength, there, thereLength] = this.#difference(at);
    return here + hereLength + Math.max(0, index - there - thereLength);
  }

  #charactersAt(index: number): Range {
    const at = this.#lastBefore(0, index + 1) * 4;
    if (at < 0) return { start: index, end: index + 1 };
    const [here, hereLength, there, thereLength] = this.#difference(at);
    if (index < here + hereLength) return { start: there, end: there + thereLength };
    const start = there + thereLength + index - here - hereLength;
    return { start, end: start + 1 };
  }

  #difference(at: number): [number, number, number, number] {
    const of = this.#differences;
    return [of[at], of[at + 1], of[at + 2], of[at + 3]] as [number, number, number, number];
  }

  // The last difference whose field (0: index here, 2: index in the original) is below `limit`; -1: none.
  #lastBefore(field: 0 | 2, limit: number): number {
    let low = 0;
    let high = this.#differences.length / 4;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#differences[middle * 4 + field] as number) < limit) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }
}

/** `second` was made from the text of `first`: its way back to the original of `first`. */
export function composed(first: MappedText, second: MappedText): MappedText {
  return {
    text: second.text,
    toOriginal(start, end) {
      const middle = second.toOriginal(start, end);
      return first.toOriginal(middle.start, middle.end);
    },
    fromOriginal: (index) => second.fromOriginal(first.fromOriginal(index)),
  };
}
