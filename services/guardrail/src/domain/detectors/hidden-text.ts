import { type Detector, span } from "../detector.ts";
import { LONGEST_ENCODED, openEncoded } from "../normalise/decoded-views.ts";
import { FOREIGN } from "../normalise/traits.ts";

// Three characters without width inside one word of Latin letters, or twelve in a row: nobody's keyboard does that.
const INVISIBLE =
  /(?<=[A-Za-z])[\u200b-\u200d\u2060-\u2064\ufeff]{1,16}(?:[A-Za-z]{1,3}[\u200b-\u200d\u2060-\u2064\ufeff]{1,16}){2,12}|[\u200b-\u200d\u2060-\u2064\ufeff]{12,64}/g;
const LONGEST_INVISIBLE = 272;
// Overrides turn letters around; embeddings and isolates are only strange between Latin letters.
const OVERRIDE = /[\u202d\u202e]/g;
const MARKUP =
  /<!--[\s\S]{0,400}?-->|<[a-z][a-z0-9]{0,15}\b[^<>]{0,200}?(?:display\s*:\s*none|visibility\s*:\s*hidden|font-size\s*:\s*0(?![.\d])|opacity\s*:\s*0(?![.\d])|\bhidden(?=[\s>]))[^<>]{0,200}>/gi;
const LONGEST_MARKUP = 420;
const WORDS = /[A-Za-z]{2,}[^A-Za-z]+[A-Za-z]{2,}[^A-Za-z]+[A-Za-z]{2,}/;

/** Characters without width that part the letters of a word, so that a filter does not see it. Not joined emoji. */
export const hiddenInvisible: Detector = {
  name: "hidden.invisible",
  category: "hidden",
  replacement: "",
  extent: span(LONGEST_INVISIBLE),
  find({ text, from, traits }, report) {
    if ((traits & FOREIGN) === 0) return;
    for (const { index, 0: found } of text.matchAll(INVISIBLE)) {
      if (index < from) continue;
      report({
        start: index,
        end: index + found.length,
        score: 0.8,
        explanation: "Invisible characters inside words.",
      });
    }
  },
  undecidedFrom({ text, from }) {
    const tail = Math.max(from, text.length - LONGEST_INVISIBLE);
    const first = text.slice(tail).search(/[\u200b-\u200d\u2060-\u2064\ufeff]/);
    return first < 0 ? text.length : tail + first;
  },
};

/** Characters that turn the order of letters around. Right-to-left languages do without them. */
export const hiddenBidirectional: Detector = {
  name: "hidden.bidi",
  category: "hidden",
  replacement: "",
  extent: span(1),
  find({ text, from, traits }, report) {
    if ((traits & FOREIGN) === 0) return;
    OVERRIDE.lastIndex = from;
    for (let found = OVERRIDE.exec(text); found !== null; found = OVERRIDE.exec(text)) {
      const explanation = "A character that turns the order of letters around.";
      report({ start: found.index, end: found.index + 1, score: 0.9, explanation });
    }
  },
  undecidedFrom: ({ text }) => text.length,
};

/** Words in an encoding: base64, hexadecimal, URL encoding of whole sentences, rot13. Not images, hashes, ids. */
export const hiddenEncoded: Detector = {
  name: "hidden.encoded",
  category: "hidden",
  replacement: "[ENCODED_REDACTED]",
  extent: span(LONGEST_ENCODED),
  find({ decoded }, report) {
    for (const { text, start, end, encoding, depth } of decoded) {
      // An address with encoded blanks is an address.
      if (!WORDS.test(text) || (encoding === "url" && /^\w+:\/\//.test(text))) continue;
      const score = depth > 1 ? 0.9 : 0.6;
      report({ start, end, score, explanation: `Words encoded as ${encoding}${depth > 1 ? ", several times" : ""}.` });
    }
  },
  undecidedFrom: ({ text, from }) => openEncoded(text, from),
};

/** Words that a page holds and does not show: comments, hidden elements. Score 0.5 for comments, which are ordinary. */
export const hiddenMarkup: Detector = {
  name: "hidden.markup",
  category: "hidden",
  replacement: "",
  extent: span(LONGEST_MARKUP),
  find({ text, from }, report) {
    if (text.indexOf("<", from) < 0) return;
    for (const { index, 0: found } of text.matchAll(MARKUP)) {
      const isComment = found.startsWith("<!--");
      if (index < from || (isComment && !WORDS.test(found))) continue;
      const explanation = isComment ? "A comment that no reader sees." : "An element that no reader sees.";
      report({ start: index, end: index + found.length, score: isComment ? 0.5 : 0.8, explanation });
    }
  },
  undecidedFrom({ text, from }) {
    const tail = Math.max(from, text.length - LONGEST_MARKUP);
    for (let open = text.indexOf("<", tail); open >= 0; open = text.indexOf("<", open + 1)) {
      if (text.startsWith("<!--", open) ? text.indexOf("-->", open) < 0 : text.indexOf(">", open) < 0) return open;
    }
    return text.length;
  },
};
