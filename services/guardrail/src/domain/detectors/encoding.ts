import { type Detector, span } from "../detector.ts";

// What is taken out leaves a mark: without one the text around it would join to something that was never checked. Every
// character leaves its own, so that a stream shows the same however it is cut.
const MARK = "\ufffd";

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what it looks for
const CONTROL = /[\0-\x08\x0b\x0c\x0e-\x1f\x7f]/g;
const LONE_SURROGATE = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;
// Tag characters spell text that no reader sees; only flags such as Scotland's use them rightly, after a black flag.
const TAGS = /(?:\udb40[\udc00-\udc7f]){1,32}/g;
const FLAG_TAGS = /\ud83c\udff4(?:\udb40[\udc00-\udc7f]){0,7}$/;

/** Control characters other than tab and line ends: they steer terminals and hide text. */
export const controlCharacters: Detector = {
  name: "encoding.control",
  category: "encoding",
  replacement: MARK,
  extent: span(1),
  find({ text, from }, report) {
    CONTROL.lastIndex = from;
    for (let found = CONTROL.exec(text); found !== null; found = CONTROL.exec(text)) {
      const end = CONTROL.lastIndex;
      report({ start: found.index, end, score: 1, explanation: "Control characters." });
    }
  },
  undecidedFrom: ({ text }) => text.length,
};

/** Halves of surrogate pairs: no valid Unicode, so they cannot be sent on. */
export const loneSurrogates: Detector = {
  name: "encoding.lone_surrogate",
  category: "encoding",
  replacement: MARK,
  extent: span(1),
  find({ text, from }, report) {
    if (text.isWellFormed()) return;
    LONE_SURROGATE.lastIndex = from;
    for (let found = LONE_SURROGATE.exec(text); found !== null; found = LONE_SURROGATE.exec(text)) {
      report({ start: found.index, end: found.index + 1, score: 1, explanation: "Half of a character." });
    }
  },
  undecidedFrom: ({ text, from }) =>
    text.length > from && isHighSurrogate(text, text.length - 1) ? text.length - 1 : text.length,
};

/** Invisible tag characters (U+E0000 to U+E007F): a way to smuggle instructions past a reader. */
export const invisibleCharacters: Detector = {
  name: "encoding.invisible",
  category: "encoding",
  replacement: MARK,
  extent: span(64),
  find({ text, from }, report) {
    if (text.indexOf("\udb40", from) < 0) return;
    TAGS.lastIndex = from;
    for (let found = TAGS.exec(text); found !== null; found = TAGS.exec(text)) {
      const end = TAGS.lastIndex;
      if (end - found.index <= 14 && FLAG_TAGS.test(text.slice(Math.max(0, found.index - 18), end))) continue;
      for (let start = found.index; start < end; start += 2) {
        report({ start, end: start + 2, score: 1, explanation: "Invisible characters that spell text." });
      }
    }
  },
  // A run is decided when it has ended or is too long for a flag; a long one passes in pieces that are all removed.
  undecidedFrom({ text, from }) {
    let start = text.length;
    while (start - 2 >= from && start > text.length - 64 && isTag(text, start - 2)) start -= 2;
    return start - 2 >= from && text.startsWith("\ud83c\udff4", start - 2) ? start - 2 : start;
  },
};

function isTag(text: string, index: number): boolean {
  const low = text.charCodeAt(index + 1);
  return text.charCodeAt(index) === 0xdb40 && low >= 0xdc00 && low <= 0xdc7f;
}

function isHighSurrogate(text: string, index: number): boolean {
  return (text.charCodeAt(index) & 0xfc00) === 0xd800;
}
