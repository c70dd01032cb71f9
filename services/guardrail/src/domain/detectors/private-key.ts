import { type Detector, span } from "../detector.ts";

/** Longest block that is found; a key of 16,384 bits is shorter. Of a longer block everything up to here. */
const LONGEST = 16_384;
const OPENING = "-----BEGIN ";
const HEADER = /-----BEGIN (?:[A-Z0-9]{1,16} ){0,4}PRIVATE KEY(?: BLOCK)?-----/y;
const LONGEST_HEADER = 110;
const FOOTER = /-----END [A-Z0-9 ]{1,80}-----/y;
const LONGEST_FOOTER = 100;
const PARTIAL_LINE = /^-----(?:BEGIN|END) [A-Z0-9 ]*-{0,5}$/;
// What may stand inside: base64, header lines, white space, line ends written as \n.
const FOREIGN = /[^A-Za-z0-9+/=\s\\:,.()"'-]/g;
// The first thing after the header: base64, a header line such as "Version: 1", or the end. Prose is none of them.
const BODY = /(?:\s|\\[nr]){0,64}(?:[A-Za-z0-9+/=]{16}|[A-Z][A-Za-z-]{1,30}: |-----END )/y;
const PARTIAL_BODY = /^(?:\s|\\[nr]?){0,64}[A-Za-z0-9+/=:-]{0,40} ?$/;
const BASE64_LINE = /(?:\s|\\[nr]){0,64}[A-Za-z0-9+/=]{24,}/y;
const LAST_LINE = /(?:\s|\\[nr]){0,64}[A-Za-z0-9+/=]{1,76}(?![A-Za-z0-9+/=])/y;

/** Private keys in PEM or PGP armour, over all their lines; also when the end is missing. */
export const privateKey: Detector = {
  name: "secret.private_key",
  category: "secret",
  replacement: "[PRIVATE_KEY_REDACTED]",
  extent: span(LONGEST + LONGEST_FOOTER),
  find({ text, from }, report) {
    for (let start = text.indexOf(OPENING, from); start >= 0; start = text.indexOf(OPENING, start + 1)) {
      const end = blockEnd(text, start);
      if (end === undefined) continue;
      report({ start, end, score: 0.99, explanation: "A private key." });
      start = end - 1;
    }
  },
  undecidedFrom({ text, from }) {
    for (let start = text.indexOf(OPENING, from); start >= 0; start = text.indexOf(OPENING, start + 1)) {
      if (isOpen(text, start)) return start;
    }
    for (let length = Math.min(OPENING.length, text.length - from); length > 0; length--) {
      if (text.endsWith(OPENING.slice(0, length))) return text.length - length;
    }
    return text.length;
  },
};

function headerEnd(text: string, start: number): number | undefined {
  HEADER.lastIndex = start;
  return HEADER.test(text) ? HEADER.lastIndex : undefined;
}

function opensBody(text: string, body: number): boolean {
  BODY.lastIndex = body;
  return BODY.test(text);
}

/** Where the block that begins at `start` ends, or undefined when it holds no key. */
function blockEnd(text: string, start: number): number | undefined {
  const body = headerEnd(text, start);
  if (body === undefined || !opensBody(text, body)) return undefined;
  const limit = Math.min(text.length, start + LONGEST);
  const footer = text.indexOf("-----END ", body);
  if (footer >= 0 && footer < limit && foreignFrom(text, body, footer) === footer) {
    FOOTER.lastIndex = footer;
    return FOOTER.test(text) ? FOOTER.lastIndex : footer + "-----END ".length;
  }
  return unterminatedEnd(text, body, limit);
}

// Lines of base64; the first one that is shorter is the last.
function unterminatedEnd(text: string, body: number, limit: number): number | undefined {
  let end = body;
  BASE64_LINE.lastIndex = body;
  while (end < limit && BASE64_LINE.test(text)) end = BASE64_LINE.lastIndex;
  if (end === body) return undefined;
  LAST_LINE.lastIndex = end;
  if (LAST_LINE.test(text)) end = LAST_LINE.lastIndex;
  return Math.min(end, limit);
}

// The first character between `start` and `end` that no key block contains, or `end`.
function foreignFrom(text: string, start: number, end: number): number {
  FOREIGN.lastIndex = start;
  const found = FOREIGN.exec(text.length > end ? text.slice(0, end) : text);
  return found === null ? end : found.index;
}

function isOpen(text: string, start: number): boolean {
  const rest = text.length - start;
  if (rest >= LONGEST + LONGEST_FOOTER) return false;
  const body = headerEnd(text, start);
  if (body === undefined) return rest < LONGEST_HEADER && PARTIAL_LINE.test(text.slice(start));
  if (!opensBody(text, body)) return text.length - body < 120 && PARTIAL_BODY.test(text.slice(body));
  const footer = text.indexOf("-----END ", body);
  if (footer >= 0) {
    return text.length - footer < LONGEST_FOOTER && PARTIAL_LINE.test(text.slice(footer));
  }
  return foreignFrom(text, body, text.length) === text.length;
}
