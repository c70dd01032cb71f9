import { plainText } from "./plain-text.ts";
import { spelledText } from "./spelled-text.ts";
import { HEX_PAIRS as HAS_HEX_PAIRS, isPiece, LONG_PIECE, SHORTEST_PIECE, traitsOf } from "./traits.ts";

/** A text that was found encoded inside another one. */
export interface DecodedView {
  /** What it says, in plain form. */
  readonly text: string;
  /** Where the encoded text stands in the original. */
  readonly start: number;
  readonly end: number;
  readonly encoding: Encoding;
  /** 1: encoded once; at most 3. */
  readonly depth: number;
}

/** How a text can be hidden that no reader sees as text. */
export type Encoding = "base64" | "hex" | "url" | "rot13" | "tags";

/** Encodings inside encodings are followed this far. */
export const MAX_DEPTH = 3;
/** Of a longer encoded text this much is decoded. */
export const LONGEST_ENCODED = 4096;
const BASE64 = /[A-Za-z0-9+/_-]{16,}={0,2}/g;
const HEX = /(?:0x)?(?:[0-9a-fA-F]{2}){8,}|(?:\\x[0-9a-fA-F]{2}){4,}/g;
const HEX_PAIRS = /(?<![0-9a-zA-Z])[0-9a-fA-F]{2}(?:[ :,-][0-9a-fA-F]{2}){7,}(?![0-9a-zA-Z])/g;
const PERCENT = /%[0-9a-fA-F]{2}/g;
/** rot13 of words that attacks cannot do without. No English word looks like them. */
export const ROT13_WORDS =
  /(?<![a-z])(?:vtaber|qvfertneq|sbetrg|bireevqr|olcnff|erirny|cerivbhf|vafgehpgvba|vafgehpgvbaf|cebzcg|flfgrz|cnffjbeq)/g;
const ROT13_PARTS = [
  "vtabe",
  "qvfert",
  "sbetrg",
  "bireevqr",
  "olcnff",
  "erirny",
  "cerivb",
  "vafge",
  "cebzcg",
  "flfgrz",
];
/** So much is read from the last such word on. */
const ROT13_REACH = 160;
/** Further apart, such words are of different texts. */
const ROT13_GAP = 32;
const TAG_RUN = /(?:\udb40[\udc20-\udc7e]){4,}/g;
const SAYS_SOMETHING = /[A-Za-z]{3}/;

/**
 * Texts hidden in encodings: base64 (standard and URL-safe), hexadecimal, URL encoding, rot13, invisible tag characters;
 * also nested ones. What does not decode to readable text is no finding: ids, hashes, images. Work and memory are
 * linear in the text: every decoding is shorter than what it came from.
 * @param from encoded texts that began earlier are left out
 */
export function decodedViews(text: string, from = 0, traits = traitsOf(text)): readonly DecodedView[] {
  let views: DecodedView[] | undefined;
  forEachEncoded({ text, from, traits }, (found) => {
    views ??= [];
    unwrap(found, views);
  });
  return views ?? NONE;
}

const NONE: readonly DecodedView[] = [];

interface Source {
  readonly text: string;
  readonly from: number;
  readonly traits: number;
}

interface Found {
  readonly start: number;
  readonly end: number;
  readonly decoded: string;
  readonly encoding: Encoding;
}

function unwrap(outermost: Found, views: DecodedView[]): void {
  const { start, end } = outermost;
  let layer: Found | undefined = outermost;
  for (let depth = 1; depth <= MAX_DEPTH && layer !== undefined; depth++) {
    views.push({ text: readable(layer.decoded), start, end, encoding: layer.encoding, depth });
    layer = layer.encoding === "rot13" ? undefined : longestEncoded(layer.decoded);
  }
}

function readable(text: string): string {
  return spelledText(plainText(text).text).text;
}

// Inside a decoded text only the longest encoded one is followed: an attack is wrapped, not scattered.
function longestEncoded(text: string): Found | undefined {
  let longest: Found | undefined;
  forEachEncoded({ text, from: 0, traits: traitsOf(text) }, (found) => {
    if (longest === undefined || found.end - found.start > longest.end - longest.start) longest = found;
  });
  return longest;
}

function forEachEncoded({ text, from, traits }: Source, take: (found: Found) => void): void {
  if ((traits & LONG_PIECE) !== 0) pieces(text, from, take);
  if ((traits & HAS_HEX_PAIRS) !== 0) hexPairs(text, from, take);
  rot13(text, from, take);
  tags(text, from, take);
}

// Looks at every 16th character and goes back from there, so that prose is passed in strides.
function pieces(text: string, from: number, take: (found: Found) => void): void {
  let start = pieceStart(text, from);
  while (start + SHORTEST_PIECE <= text.length) {
    let index = start + SHORTEST_PIECE - 1;
    while (index >= start && isPiece(text.charCodeAt(index))) index--;
    if (index >= start) {
      start = index + 1;
      continue;
    }
    let end = start + SHORTEST_PIECE;
    while (end < text.length && isPiece(text.charCodeAt(end))) end++;
    encodedIn(text.slice(start, Math.min(end, start + LONGEST_ENCODED)), start, take);
    start = end + 1;
  }
}

// Told of the whole piece: a stream passes it on as a whole.
function encodedIn(piece: string, start: number, take: (found: Found) => void): void {
  const end = start + piece.length;
  const decoded = piece.includes("%") ? fromPercent(piece) : undefined;
  if (decoded !== undefined) {
    take({ start, end, decoded, encoding: "url" });
    return;
  }
  for (const [run] of piece.matchAll(HEX)) {
    const found = textOf(Buffer.from(run.replace(/^0x|\\x/g, ""), "hex"));
    if (found !== undefined) take({ start, end, decoded: found, encoding: "hex" });
  }
  for (const [run] of piece.matchAll(BASE64)) {
    const found = startsLikeText(run) ? textOf(Buffer.from(run, "base64")) : undefined;
    if (found !== undefined) take({ start, end, decoded: found, encoding: "base64" });
  }
}

function placed(start: number, run: string, decoded: string, encoding: Encoding): Found {
  return { start, end: start + run.length, decoded, encoding };
}

/** The first place at or after `from` where a piece can begin: one that began earlier was seen earlier. */
function pieceStart(text: string, from: number): number {
  let start = from;
  if (from > 0 && isPiece(text.charCodeAt(from - 1)))
    while (start < text.length && isPiece(text.charCodeAt(start))) start++;
  return start;
}

/** Where an encoded text may begin that more text would lengthen; the text's length when none is open. */
export function openEncoded(text: string, from: number): number {
  const pairs = /(?:(?<![0-9a-zA-Z])[0-9a-fA-F]{2}[ :,-])+[0-9a-fA-F]{0,2}$/.exec(text.slice(-256));
  let start = text.length;
  const lowest = Math.max(from, text.length - LONGEST_ENCODED);
  while (start > lowest && isPiece(text.charCodeAt(start - 1))) start--;
  // Longer than what is decoded, or begun earlier: decided.
  if (start > 0 && isPiece(text.charCodeAt(start - 1))) start = text.length;
  if (pairs !== null) start = Math.min(start, Math.max(from, Math.max(0, text.length - 256) + pairs.index));
  return Math.min(start, openRot13(text, from));
}

function fromPercent(piece: string): string | undefined {
  const count = piece.match(PERCENT)?.length ?? 0;
  if (count < 2) return undefined;
  const bytes = Buffer.from(
    piece.replace(PERCENT, (pair) => String.fromCharCode(Number.parseInt(pair.slice(1), 16))),
    "latin1",
  );
  const decoded = textOf(bytes);
  // "%20" and its like inside an ordinary address say nothing that the address does not say.
  return decoded?.replaceAll("+", " ");
}

function hexPairs(text: string, from: number, take: (found: Found) => void): void {
  for (const { index, 0: run } of text.matchAll(HEX_PAIRS)) {
    if (index < from) continue;
    const decoded = textOf(Buffer.from(run.slice(0, LONGEST_ENCODED).replace(/[ :,-]/g, ""), "hex"));
    if (decoded !== undefined) take(placed(index, run, decoded, "hex"));
  }
}

function rot13(text: string, from: number, take: (found: Found) => void): void {
  for (const { start, last } of rot13Chains(text, from)) {
    const end = Math.min(text.length, last + ROT13_REACH, start + LONGEST_ENCODED);
    if (start >= from) take({ start, end, decoded: rotate(text.slice(start, end)), encoding: "rot13" });
  }
}

function openRot13(text: string, from: number): number {
  const { start = -1, last = 0 } = rot13Chains(text, from).at(-1) ?? {};
  const isOpen = start >= from && text.length - last < ROT13_REACH && text.length - start < LONGEST_ENCODED;
  return isOpen ? start : text.length;
}

interface Chain {
  readonly start: number;
  /** Where its last word begins. */
  last: number;
}

// Words near each other are one text. One that began before `from` is seen by the words before it.
function rot13Chains(text: string, from: number): readonly Chain[] {
  const folded = text.toLowerCase();
  const near = Math.max(0, from - 2 * ROT13_GAP);
  if (folded.length !== text.length || !ROT13_PARTS.some((part) => folded.includes(part, near))) return [];
  const chains: Chain[] = [];
  for (const { index } of folded.matchAll(ROT13_WORDS)) {
    const chain = chains.at(-1);
    if (chain !== undefined && index - chain.last <= ROT13_GAP) chain.last = index;
    else chains.push({ start: index, last: index });
  }
  return chains;
}

/** Every Latin letter replaced by the one 13 places on. */
export function rotate(text: string): string {
  return text.replace(/[A-Za-z]/g, (letter) => {
    const code = letter.charCodeAt(0);
    return String.fromCharCode((code & 32) + 65 + (((code & 31) + 12) % 26));
  });
}

function tags(text: string, from: number, take: (found: Found) => void): void {
  if (text.indexOf("\udb40", from) < 0) return;
  for (const { index, 0: whole } of text.matchAll(TAG_RUN)) {
    if (index < from) continue;
    const run = whole.slice(0, LONGEST_ENCODED);
    const decoded = run.replace(/\udb40([\udc20-\udc7e])/g, (_, low: string) =>
      String.fromCharCode(low.charCodeAt(0) - 0xdc00),
    );
    take(placed(index, run, decoded, "tags"));
  }
}

// The first six bytes of an encoded text are characters; those of an image, a hash or a name hardly ever are.
function startsLikeText(run: string): boolean {
  let readable = 0;
  for (const byte of Buffer.from(run.slice(0, 8), "base64")) if (byte >= 32 && byte < 127) readable++;
  return readable >= 5;
}

// As text when it is one: valid UTF-8, hardly any control characters, words.
function textOf(bytes: Buffer): string | undefined {
  let strange = 0;
  for (const byte of bytes) if ((byte < 32 && byte !== 9 && byte !== 10 && byte !== 13) || byte === 127) strange++;
  if (bytes.length < SHORTEST_PIECE / 2 || strange > bytes.length / 50) return undefined;
  const text = bytes.toString("utf8");
  const broken = text.match(/\ufffd/g)?.length ?? 0;
  return broken > 1 + text.length / 50 || !SAYS_SOMETHING.test(text) ? undefined : text;
}
