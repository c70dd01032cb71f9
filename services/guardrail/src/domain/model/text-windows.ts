/**
 * How a long text is judged: in overlapping windows of words, of which the worst counts, because an instruction can
 * hide in a page of harmless text. Shared by training and inference.
 */

/** Words of a block; windows are made of whole blocks and move by one. */
export const BLOCK = 8;
/** Blocks of a window by head: injections are a phrase, content needs its surroundings. */
export const SHORT_WINDOW = 2;
/** Blocks of a window for content. */
export const LONG_WINDOW = 6;
/** A shorter text counts as if it had so many words, so that one word alone proves little. */
const FEWEST_WORDS = 8;

/** What a window's sum of weights is multiplied with. */
export function windowScale(words: number): number {
  return 1 / Math.sqrt(Math.max(words, FEWEST_WORDS));
}
