/**
 * The offline embedding. It is lexical: two texts are near when they share words and parts of words, not when they
 * mean the same. "car" and "cars" are near, "car" and "automobile" are not. Deterministic, no model, no network.
 *
 * Features are words, pairs of neighbouring words and runs of characters inside words, each hashed to one of 512
 * dimensions with a sign (Weinberger et al. 2009, "Feature Hashing for Large Scale Multitask Learning"), so that
 * collisions cancel out on average. Repetition counts with its square root. The vector has length one.
 */

/** Length of the vectors. A power of two: the hash is masked. */
export const LEXICAL_DIMENSIONS = 512;

const WORD_WEIGHT = 1;
const PAIR_WEIGHT = 0.5;
// A word of n letters has about 3n runs: together they weigh about as much as the word itself.
const RUN_WEIGHT = 0.3;
// Words that say nothing about a text's subject. English only: for other languages repetition has to do.
const COMMON_WORD_WEIGHT = 0.15;
const COMMON_WORDS = new Set(
  (
    "a about all am an and are as at be been but by can could did do does for from had has have he her him his how i " +
    "if in is it its me my no not of on or our she so than that the their them then there these they this to up us " +
    "was we were what when where which who why will with would you your"
  ).split(" "),
);

const WORD = /[\p{L}\p{M}\p{N}_]+/gu;
const VISIBLE = /\S/;
const SEED = 0x811c9dc5;
const PRIME = 0x01000193;
const WORD_MARK = 1;
const PAIR_MARK = 2;
const RUN_MARK = 3;
// From here on scripts are mostly written without spaces; single characters and pairs carry the meaning.
const FIRST_DENSE_CHARACTER = 0x2e80;

/** Whether a text has anything that can be embedded. */
export function isEmbeddable(text: string): boolean {
  return VISIBLE.test(text);
}

/** The vector of a text and the number of its words. */
export function embedLexically(text: string): { readonly vector: number[]; readonly words: number } {
  const words = wordsOf(text);
  const features = new Map<number, number>();
  let previous: string | undefined;
  for (const word of words) {
    const weight = COMMON_WORDS.has(word) ? COMMON_WORD_WEIGHT : 1;
    add(features, hashOf(word, WORD_MARK), WORD_WEIGHT * weight);
    if (previous !== undefined) add(features, hashOf(`${previous} ${word}`, PAIR_MARK), PAIR_WEIGHT * weight);
    addRuns(features, word, RUN_WEIGHT * weight);
    previous = word;
  }
  return { vector: normalised(fold(features)), words: words.length };
}

// A text of nothing but signs (emoji, punctuation) is its signs.
function wordsOf(text: string): string[] {
  const plain = text.normalize("NFKC").toLowerCase();
  return plain.match(WORD) ?? plain.match(/\S+/g) ?? [];
}

function addRuns(features: Map<number, number>, word: string, weight: number): void {
  const dense = word.charCodeAt(0) >= FIRST_DENSE_CHARACTER;
  const padded = dense ? word : `^${word}$`;
  const shortest = dense ? 1 : 3;
  const longest = dense ? 2 : 5;
  for (let start = 0; start < padded.length; start++) {
    let hash = step(SEED, RUN_MARK);
    const end = Math.min(padded.length, start + longest);
    for (let position = start; position < end; position++) {
      hash = step(hash, padded.charCodeAt(position));
      if (position - start + 1 >= shortest) add(features, finish(hash), weight);
    }
  }
}

function add(features: Map<number, number>, hash: number, weight: number): void {
  features.set(hash, (features.get(hash) ?? 0) + weight * weight);
}

// Weights were added squared, so the root of the sum is weight × √repetitions.
function fold(features: ReadonlyMap<number, number>): Float64Array {
  const vector = new Float64Array(LEXICAL_DIMENSIONS);
  for (const [hash, weight] of features) {
    const dimension = hash & (LEXICAL_DIMENSIONS - 1);
    const sign = hash & 0x4000_0000 ? 1 : -1;
    vector[dimension] = (vector[dimension] ?? 0) + sign * Math.sqrt(weight);
  }
  // Callers are promised length one, also when nothing was left of a text or all its features cancelled out.
  if (vector.every((value) => value === 0)) vector[0] = 1;
  return vector;
}

/** The vector with length one, as float32 values; unchanged when its length is zero. */
export function normalised(vector: ArrayLike<number>): number[] {
  const values = Array.from(vector);
  let squares = 0;
  for (const value of values) squares += value * value;
  const length = Math.sqrt(squares);
  return length === 0 ? values : values.map((value) => Math.fround(value / length));
}

function hashOf(text: string, mark: number): number {
  let hash = step(SEED, mark);
  for (let position = 0; position < text.length; position++) hash = step(hash, text.charCodeAt(position));
  return finish(hash);
}

// FNV-1a over UTF-16 code units.
function step(hash: number, unit: number): number {
  return Math.imul(hash ^ unit, PRIME);
}

// FNV's low bits are weak for short inputs; this is the finaliser of MurmurHash3.
function finish(hash: number): number {
  let mixed = hash ^ (hash >>> 16);
  mixed = Math.imul(mixed, 0x85ebca6b);
  mixed ^= mixed >>> 13;
  mixed = Math.imul(mixed, 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}
