/** What one pass over a text notices; each bit is the reason to look closer, most texts have none. */

/** Characters other than ASCII. */
export const FOREIGN = 1;
/** Four single letters in a row: "i g n o". */
export const SPACED = 2;
/** Digits or signs next to letters, which may stand for letters. */
export const DISGUISED = 4;
/** Markup right behind a letter. */
export const TAGGED = 8;
/** 16 characters without a gap, which may be encoded. */
export const LONG_PIECE = 16;
/** Pairs of hexadecimal digits that could be letters: "69 67". */
export const HEX_PAIRS = 32;

/** Shortest piece that can be an encoded text. */
export const SHORTEST_PIECE = 16;

const LETTER = 1;
const PIECE = 2;
const LEET = 4;
const MARKUP = 8;
const ALPHANUMERIC = 16;
const table = Uint8Array.from({ length: 128 }, (_, code) => {
  const character = String.fromCharCode(code);
  return (
    (/[A-Za-z]/.test(character) ? LETTER | ALPHANUMERIC : 0) |
    (/[0-9]/.test(character) ? ALPHANUMERIC : 0) |
    (/[!#-&*+\-./0-9:=?@A-Z\\^_a-z~]/.test(character) ? PIECE : 0) |
    (/[013457@$!|]/.test(character) ? LEET : 0) |
    (/[<*`~_]/.test(character) ? MARKUP : 0)
  );
});
const HEX_LETTERS = /[67][0-9a-fA-F][ :,-][267][0-9a-fA-F][ :,-]/;

/** Whether a piece of text that is encoded can hold this character. */
export function isPiece(code: number): boolean {
  return code < 128 && ((table[code] as number) & PIECE) !== 0;
}

/** The traits of a text: a few nanoseconds per character, nothing allocated. */
export function traitsOf(text: string): number {
  let traits = 0;
  let before = 0;
  let letters = 0;
  let singles = 0;
  let gap = 0;
  let piece = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code > 127) {
      traits |= FOREIGN;
      before = letters = singles = piece = 0;
      continue;
    }
    const kind = table[code] as number;
    piece = (kind & PIECE) === 0 ? 0 : piece + 1;
    if (piece === SHORTEST_PIECE) traits |= LONG_PIECE;
    if ((kind & LETTER) !== 0) {
      if ((before & LEET) !== 0) traits |= DISGUISED;
      if (letters === 0 && gap > 3) singles = 0;
      letters++;
      gap = 0;
    } else {
      if (letters === 1) singles++;
      else if (letters > 1) singles = 0;
      if (singles > 3) traits |= SPACED;
      if (letters > 0) {
        if ((kind & MARKUP) !== 0) traits |= TAGGED;
        if ((kind & LEET) !== 0 && (kind & ALPHANUMERIC) !== 0) traits |= DISGUISED;
      }
      if ((kind & ALPHANUMERIC) !== 0) singles = 0;
      letters = 0;
      gap++;
    }
    before = kind;
  }
  return HEX_LETTERS.test(text) ? traits | HEX_PAIRS : traits;
}
