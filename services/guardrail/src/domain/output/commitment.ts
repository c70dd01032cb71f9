import { type Detector, span } from "../detector.ts";

/** What may stand between two words of a phrase: spaces, dashes, quotation marks; no end of a sentence. */
const GAP = "[\\s\\-–—,'’\"*_]{1,4}";
const LONGEST_GAP = 4;
/** Commitments that a model must not make: the dealership whose chat window sold a car for one dollar said the first three. */
export const DEFAULT_COMMITMENTS: readonly string[] = [
  "legally binding",
  "no takesies backsies",
  "for one dollar",
  "i guarantee",
  "we guarantee",
  "i promise",
  "we promise",
  "i hereby agree",
  "we hereby agree",
  "you have my word",
  "consider it a deal",
  "that is a deal",
  "that's a deal",
  "it's a deal",
  "binding offer",
  "binding contract",
  "we will refund you",
  "i will refund you",
  "you will get a full refund",
  "i waive",
  "we waive",
  "we admit liability",
  "we accept liability",
  "we are liable",
  "this is legal advice",
];

/** Phrases by which an answer would commit whoever gives it, in any case and with any spacing. */
export function commitmentDetector(phrases: readonly string[]): Detector {
  const words = phrases.map((phrase) =>
    phrase
      .toLowerCase()
      .split(/[\s'’]+/)
      .filter((word) => word !== ""),
  );
  const longest = Math.max(1, ...words.map((own) => own.join("").length + (own.length - 1) * LONGEST_GAP)) + 1;
  const all = new RegExp(`${BEFORE}(?:${words.map((own) => own.map(escaped).join(GAP)).join("|")})${AFTER}`, "giu");
  const open = new RegExp(`${BEFORE}(?:${words.map(partOf).join("|")})`, "giu");
  return {
    name: "output.commitment",
    category: "commitment",
    replacement: "[COMMITMENT_REDACTED]",
    extent: span(longest),
    find({ text, from }, report) {
      all.lastIndex = from;
      for (let found = all.exec(text); found !== null; found = all.exec(text)) {
        const end = found.index + found[0].length;
        report({
          start: found.index,
          end,
          score: 1,
          explanation: "A commitment that the policy lists as never to be made.",
        });
      }
    },
    undecidedFrom({ text, from }) {
      open.lastIndex = Math.max(from, text.length - longest);
      return open.exec(text)?.index ?? text.length;
    },
  };
}

const BEFORE = "(?<![\\p{L}\\p{N}])";
const AFTER = "(?![\\p{L}\\p{N}])";

// A pattern for every beginning of a phrase that the text ends with: a(?:$|b(?:$|c)).
function partOf(words: readonly string[]): string {
  const units = words.flatMap((word, index) => [...(index > 0 ? [GAP] : []), ...[...word].map(escaped)]);
  return `${units.reduceRight((rest, unit) => `${unit}(?:$${rest === "" ? "" : `|${rest}`})`, "")}`;
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&");
}
