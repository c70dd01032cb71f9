/** Classes of UTF-16 code units, looked up in one table: a character test costs a load and a mask. */

/** 0-9. */
export const DIGIT = 1;
/** A-Z, a-z. */
export const LETTER = 2;
/** What a number or word beside it is part of: Latin letters, digits, underscore. Other scripts glue them on without a space. */
export const WORD = 4;
/** What the local part and the domain of an e-mail address are made of, "@" included. */
export const ADDRESS = 8;
/** What written numbers are made of: digits, spaces, "-", ".", ",", brackets, "+", "/". */
export const NUMERIC = 16;
/** Hexadecimal digits, ":" and ".". */
export const HEX_COLON = 32;
/** What keys and tokens are made of: letters, digits, "_", "-", ".". */
export const TOKEN = 64;
/** What may stand between the words of a phrase: everything but the ends of sentences and markup. */
export const GAP = 128;

const TABLE = buildTable();

/** Whether a code unit has one of the classes in `mask`. */
export function hasClass(code: number, mask: number): boolean {
  return ((TABLE[code] as number) & mask) !== 0;
}

/** Whether the character at `index` has one of the classes; false outside of the text. */
export function hasClassAt(text: string, index: number, mask: number): boolean {
  return index >= 0 && index < text.length && hasClass(text.charCodeAt(index), mask);
}

/** Bounds of a trailing run: not before `floor`, at most `limit` long, ending at `end` (the text's end when left out). */
export interface RunBounds {
  readonly floor: number;
  readonly limit: number;
  readonly end?: number;
}

/** Where the run of such characters begins that the text ends with. */
export function trailingRun(text: string, mask: number, { floor, limit, end = text.length }: RunBounds): number {
  const lowest = Math.max(floor, end - limit);
  let index = end;
  while (index > lowest && hasClass(text.charCodeAt(index - 1), mask)) index--;
  return index;
}

function buildTable(): Uint8Array {
  const table = new Uint8Array(65_536);
  const add = (characters: string, mask: number) => {
    for (const character of characters) {
      const code = character.charCodeAt(0);
      table[code] = (table[code] as number) | mask;
    }
  };
  const lower = "abcdefghijklmnopqrstuvwxyz";
  const letters = lower + lower.toUpperCase();
  const digits = "0123456789";
  add(digits, DIGIT | WORD | ADDRESS | NUMERIC | HEX_COLON | TOKEN | GAP);
  add(letters, LETTER | WORD | ADDRESS | TOKEN | GAP);
  add("_", WORD | ADDRESS | TOKEN | GAP);
  add("abcdefABCDEF:.", HEX_COLON);
  add(".-%+'@", ADDRESS);
  add(" \t\n\r\u00a0\u2009\u202f-.,()+/\u2010\u2011\u2013", NUMERIC);
  add("-.", TOKEN);
  add("-'\",", GAP);
  const letter = /\p{L}|\p{M}|\p{N}/u;
  for (let code = 128; code < table.length; code++) {
    if (/\s/.test(String.fromCharCode(code))) table[code] = (table[code] as number) | GAP;
    const isSurrogate = code >= 0xd800 && code <= 0xdfff;
    if (!isSurrogate && !letter.test(String.fromCharCode(code))) continue;
    table[code] = (table[code] as number) | (isLatin(code) ? WORD | GAP : GAP);
  }
  add(" \t\n\r\v\f", GAP);
  add("\u2018\u2019\u201c\u201d", GAP);
  return table;
}

// Latin letters with marks, and the marks themselves.
function isLatin(code: number): boolean {
  return code < 0x250 || (code >= 0x300 && code < 0x370) || (code >= 0x1e00 && code < 0x1f00);
}
