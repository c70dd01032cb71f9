import {
  BUCKET_BITS,
  type BucketSink,
  emitWordFeatures,
  FeatureReader,
  type FeatureSink,
  type Token,
  wordClassOf,
} from "./features.ts";
import { BLOCK, LONG_WINDOW, SHORT_WINDOW, windowScale } from "./text-windows.ts";

/** What the model tells apart, in the order of its weights. */
export const HEADS = [
  "injection_user",
  "injection_untrusted",
  "violence",
  "hate_speech",
  "sexual_content",
  "self_harm",
  "illegal_activities",
  "harassment",
] as const;
/** One question that the model answers. */
export type Head = (typeof HEADS)[number];

/** The weights: `HEADS.length` for each bucket, side by side, in units of the head's scale. */
export interface ModelWeights {
  readonly weights: Int16Array;
  readonly scales: Float64Array;
  readonly biases: Float64Array;
}

/** The worst window of a text for one head. Offsets are those of the folded text. */
export interface HeadScore {
  /** Log-odds. */
  readonly logit: number;
  readonly start: number;
  readonly end: number;
}

const COUNT = 8;
/** The first heads are about injections and look at short windows. */
export const INJECTION_HEADS = 2;
/** Direct-mapped memory of words that were seen: their sums, so that a common word costs one look. */
const REMEMBERED_WORDS = 8192;

/** Scores texts. Keeps sums of common words, never a text; one scorer serves one text at a time. */
export class LinearModel implements FeatureSink {
  readonly #model: ModelWeights;
  readonly #reader = new FeatureReader();
  /** Of each slot the hashes of its word, and one more than the word's class (0: empty). */
  readonly #seen = new Int32Array(REMEMBERED_WORDS * 3);
  readonly #sums = new Int32Array(REMEMBERED_WORDS * COUNT);
  /** The last blocks of the text, in a ring: sums, number of words and where they begin. */
  readonly #blocks = new Int32Array(LONG_WINDOW * COUNT);
  readonly #sizes = new Int32Array(LONG_WINDOW);
  readonly #starts = new Int32Array(LONG_WINDOW);
  readonly #window = new Int32Array(COUNT);
  readonly #best = new Float64Array(COUNT);
  readonly #bestStart = new Int32Array(COUNT);
  readonly #bestEnd = new Int32Array(COUNT);
  /** The block that is being filled, counted from the text's start, and its place in the ring. */
  #block = 0;
  #place = 0;
  #end = 0;
  #slot = 0;
  readonly #toSlot: BucketSink = {
    whole: (bucket) => this.#addToSlot(bucket, COUNT),
    letters: (bucket) => this.#addToSlot(bucket, INJECTION_HEADS),
  };

  constructor(model: ModelWeights) {
    if (model.weights.length !== COUNT << BUCKET_BITS || HEADS.length !== COUNT) {
      throw new Error("the model's weights do not have the expected size");
    }
    this.#model = model;
  }

  /** The score of each head, in the order of `HEADS`. Takes a folded text. */
  score(folded: string): readonly HeadScore[] {
    this.#reset();
    this.#reader.read(folded, this);
    if (this.#block === 0 || this.#sizes[this.#place] !== 0) this.#judge();
    return HEADS.map((_, head) => ({
      logit: this.#best[head] as number,
      start: this.#bestStart[head] as number,
      end: this.#bestEnd[head] as number,
    }));
  }

  word(token: Token): number {
    const slot = (token.hash ^ (token.hash >>> 15)) & (REMEMBERED_WORDS - 1);
    const seen = this.#seen;
    if (seen[slot * 3] !== token.hash || seen[slot * 3 + 1] !== token.check || seen[slot * 3 + 2] === 0) {
      this.#remember(token, slot);
    }
    const base = slot * COUNT;
    const target = this.#place * COUNT;
    for (let head = 0; head < COUNT; head++) {
      this.#blocks[target + head] = (this.#blocks[target + head] as number) + (this.#sums[base + head] as number);
    }
    return (seen[slot * 3 + 2] as number) - 1;
  }

  pair(bucket: number, times: number): void {
    const { weights } = this.#model;
    const from = bucket * COUNT;
    const to = this.#place * COUNT;
    for (let head = 0; head < COUNT; head++) {
      this.#blocks[to + head] = (this.#blocks[to + head] as number) + times * (weights[from + head] as number);
    }
  }

  endOfWord(start: number, end: number): void {
    const place = this.#place;
    if (this.#sizes[place] === 0) this.#starts[place] = start;
    this.#end = end;
    this.#sizes[place] = (this.#sizes[place] as number) + 1;
    if (this.#sizes[place] < BLOCK) return;
    this.#judge();
    this.#block++;
    this.#place = this.#block % LONG_WINDOW;
    this.#sizes[this.#place] = 0;
    this.#blocks.fill(0, this.#place * COUNT, this.#place * COUNT + COUNT);
  }

  #remember(token: Token, slot: number): void {
    const base = slot * COUNT;
    this.#sums.fill(0, base, base + COUNT);
    this.#slot = base;
    emitWordFeatures(token, this.#toSlot);
    this.#seen[slot * 3] = token.hash;
    this.#seen[slot * 3 + 1] = token.check;
    this.#seen[slot * 3 + 2] = wordClassOf(token) + 1;
  }

  #addToSlot(bucket: number, heads: number): void {
    const { weights } = this.#model;
    const from = bucket * COUNT;
    const to = this.#slot;
    for (let head = 0; head < heads; head++) {
      this.#sums[to + head] = (this.#sums[to + head] as number) + (weights[from + head] as number);
    }
  }

  // The window ends with the block that is being filled; sums grow from its last block to its first.
  #judge(): void {
    const window = this.#window.fill(0);
    const blocks = Math.min(this.#block + 1, LONG_WINDOW);
    let words = 0;
    for (let back = 0; back < blocks; back++) {
      const place = (this.#block - back) % LONG_WINDOW;
      for (let head = 0; head < COUNT; head++) {
        window[head] = (window[head] as number) + (this.#blocks[place * COUNT + head] as number);
      }
      words += this.#sizes[place] as number;
      if (back === Math.min(blocks, SHORT_WINDOW) - 1) this.#compare(0, INJECTION_HEADS, words, place);
      if (back === blocks - 1) this.#compare(INJECTION_HEADS, COUNT, words, place);
    }
  }

  #compare(from: number, to: number, words: number, place: number): void {
    const { scales, biases } = this.#model;
    const scale = windowScale(words);
    for (let head = from; head < to; head++) {
      const logit = (this.#window[head] as number) * (scales[head] as number) * scale + (biases[head] as number);
      if (logit <= (this.#best[head] as number)) continue;
      this.#best[head] = logit;
      this.#bestStart[head] = this.#starts[place] as number;
      this.#bestEnd[head] = this.#end;
    }
  }

  #reset(): void {
    this.#blocks.fill(0);
    this.#sizes.fill(0);
    this.#starts.fill(0);
    this.#best.fill(Number.NEGATIVE_INFINITY);
    this.#block = 0;
    this.#place = 0;
    this.#end = 0;
  }
}
