import { classedWords, wordClassNames } from "./word-classes.ts";

/**
 * What the model looks at, shared to the letter by training and inference: words, pairs of neighbours, character
 * 4-grams inside words (with their borders), classes of words and ordered pairs of classes a few words apart. All are
 * hashed into one table of 2^18 buckets.
 */

/** Buckets of the table, as a power of two. */
export const BUCKET_BITS = 18;
/** Longest word; what is longer is read as several, so that no run of letters costs more than its length. */
export const MAX_WORD = 32;

/** How far apart, in words, two classed words still make a pair. */
const PAIR_REACH = 9;
/** A sentence's end counts as so many words. */
const SENTENCE_GAP = 3;
const REMEMBERED = 4;

/** Length of the character n-grams, borders of the word included: the best of 3 to 5 on sources left out. */
const LETTERS = 4;
/** How often a word counts, and a pair or a class, against one n-gram of its letters. */
const WORD_WEIGHT = 2;
const PAIR_WEIGHT = 2;
/** What is known of classes holds for words that training did not show. */
const CLASS_WEIGHT = 8;
const SHIFT = 32 - BUCKET_BITS;
const FNV = 0x01000193;
const SEED = 0x811c9dc5 | 0;
const SENTENCE_START = 0x5bd1e995;
const CLASS_SALT = 0x2c1b3c6d;
const PAIR_SALT = 0x297a2d39;
const BIGRAM_SALT = 0x1b873593;

/** Takes what a text consists of, in order. */
export interface FeatureSink {
  /** A word with its hashes and its letters (the first `length` of `codes`). @returns its class, 0: none */
  word(token: Token): number;
  /** The bucket of a pair of words or of classes, which counts `times` times. */
  pair(bucket: number, times: number): void;
  /** The word that `word` announced and its pairs are complete; `end` is the index after it. */
  endOfWord(start: number, end: number): void;
}

/** A word as the reader hands it out; reused for the next one. */
export interface Token {
  /** Two independent hashes of the letters. */
  hash: number;
  check: number;
  readonly codes: Uint16Array;
  length: number;
}

const CLASSES = new Map<number, { readonly check: number; readonly wordClass: number }>();

/** The class of a word, from 1; 0: none. */
export function wordClassOf(token: Token): number {
  const entry = CLASSES.get(token.hash);
  return entry !== undefined && entry.check === token.check ? entry.wordClass : 0;
}

/** Takes the buckets of a word. */
export interface BucketSink {
  /** The word and its class; a bucket that counts several times comes several times. */
  whole(bucket: number): void;
  /** Letters inside the word: they see through typing errors, but mislead about content. */
  letters(bucket: number): void;
}

/** Hands out every bucket of a word by itself. */
export function emitWordFeatures(token: Token, sink: BucketSink): void {
  const { codes, length } = token;
  const own = bucketOf(token.hash);
  for (let i = 0; i < WORD_WEIGHT; i++) sink.whole(own);
  for (let start = -1; start + LETTERS <= length + 1; start++) {
    let hash = (SEED ^ 0x7f) | 0;
    for (let i = start; i < start + LETTERS; i++) {
      hash = Math.imul(hash ^ (i < 0 || i >= length ? 32 : (codes[i] as number)), FNV);
    }
    sink.letters(bucketOf(hash));
  }
  const wordClass = wordClassOf(token);
  if (wordClass === 0) return;
  const bucket = bucketOf(Math.imul(wordClass, CLASS_SALT));
  for (let i = 0; i < CLASS_WEIGHT; i++) sink.whole(bucket);
}

/** Reads a folded text word by word. One reader serves one text at a time. */
export class FeatureReader {
  readonly #token: Token = { hash: 0, check: 0, codes: new Uint16Array(MAX_WORD), length: 0 };
  readonly #classes = new Int32Array(REMEMBERED);
  readonly #places = new Int32Array(REMEMBERED);
  #place = 0;
  #previous = SENTENCE_START;

  /** Walks through a text in time linear in its length. */
  read(text: string, sink: FeatureSink): void {
    this.#places.fill(-1000);
    this.#place = 0;
    this.#previous = SENTENCE_START;
    const length = text.length;
    let index = 0;
    while (index < length) {
      const kind = kindOf(text.charCodeAt(index));
      if (kind === WORD) index = this.#readWord(text, index, sink);
      else if (kind === MARKUP) index = this.#readMarkup(text, index, sink);
      else {
        if (kind === SENTENCE_END && this.#previous !== SENTENCE_START) {
          this.#previous = SENTENCE_START;
          this.#place += SENTENCE_GAP;
        }
        index++;
      }
    }
  }

  #readWord(text: string, start: number, sink: FeatureSink): number {
    const token = this.#token;
    let { index, length, hash, check } = { index: start, length: 0, hash: SEED, check: 0x9747b28c | 0 };
    for (; index < text.length && length < MAX_WORD; index++) {
      const code = text.charCodeAt(index);
      const kind = kindOf(code);
      if (kind === JOINER) continue;
      if (kind !== WORD) break;
      const letter = code >= 48 && code <= 57 ? 48 : code;
      token.codes[length++] = letter;
      hash = Math.imul(hash ^ letter, FNV);
      check = (Math.imul(check, 31) + letter) | 0;
    }
    token.length = length;
    token.hash = hash;
    token.check = check;
    this.#finish(sink, start, index);
    return index;
  }

  // Two or three of the same family ("<|", "[[", "###") are a word of their own; a single one is nothing.
  #readMarkup(text: string, start: number, sink: FeatureSink): number {
    const token = this.#token;
    let { index, length, hash, check } = { index: start, length: 0, hash: SEED ^ 0x55, check: 77 };
    for (; index < text.length && kindOf(text.charCodeAt(index)) === MARKUP; index++) {
      if (length === 3) continue;
      const code = text.charCodeAt(index);
      token.codes[length++] = code;
      hash = Math.imul(hash ^ code, FNV);
      check = (Math.imul(check, 31) + code) | 0;
    }
    if (length < 2) return index;
    token.length = length;
    token.hash = hash;
    token.check = check;
    this.#finish(sink, start, index);
    return index;
  }

  #finish(sink: FeatureSink, start: number, end: number): void {
    const { hash } = this.#token;
    const wordClass = sink.word(this.#token);
    sink.pair(bucketOf(Math.imul(this.#previous, BIGRAM_SALT) ^ hash), PAIR_WEIGHT);
    this.#previous = hash;
    this.#place++;
    if (wordClass > 0) this.#pairs(wordClass, sink);
    sink.endOfWord(start, end);
  }

  #pairs(wordClass: number, sink: FeatureSink): void {
    const classes = this.#classes;
    const places = this.#places;
    for (let i = 0; i < REMEMBERED; i++) {
      if (this.#place - (places[i] as number) > PAIR_REACH) continue;
      sink.pair(bucketOf(Math.imul((classes[i] as number) * 256 + wordClass, PAIR_SALT)), CLASS_WEIGHT);
    }
    for (let i = REMEMBERED - 1; i > 0; i--) {
      classes[i] = classes[i - 1] as number;
      places[i] = places[i - 1] as number;
    }
    classes[0] = wordClass;
    places[0] = this.#place;
  }
}

const WORD = 1;
const SENTENCE_END = 2;
const MARKUP = 3;
const JOINER = 4;
const KINDS = buildKinds();

function kindOf(code: number): number {
  if (code < 128) return KINDS[code] as number;
  if (code === 0x2019) return JOINER;
  return (code >= 0x2000 && code <= 0x206f) || (code >= 0x3000 && code <= 0x303f) || code < 0xc0 ? 0 : WORD;
}

function bucketOf(hash: number): number {
  let mixed = Math.imul(hash ^ (hash >>> 16), 0x7feb352d);
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x846ca68b | 0);
  return (mixed ^ (mixed >>> 16)) >>> SHIFT;
}

function buildKinds(): Uint8Array {
  const kinds = new Uint8Array(128);
  for (const character of "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") {
    kinds[character.charCodeAt(0)] = WORD;
  }
  for (const character of ".!?\n;:") kinds[character.charCodeAt(0)] = SENTENCE_END;
  for (const character of "<>|[]{}#=-*~`_") kinds[character.charCodeAt(0)] = MARKUP;
  kinds["'".charCodeAt(0)] = JOINER;
  return kinds;
}

// Fills the table of classes with the very hashes that a text's words get.
function indexClasses(): void {
  if (wordClassNames.length > 255) throw new Error("more than 255 classes of words");
  const reader = new FeatureReader();
  for (const [word, wordClass] of classedWords()) {
    reader.read(word, {
      word({ hash, check }) {
        CLASSES.set(hash, { check, wordClass });
        return 0;
      },
      pair: () => {},
      endOfWord: () => {},
    });
  }
}

indexClasses();
