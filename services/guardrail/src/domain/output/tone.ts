import { type Detector, whole } from "../detector.ts";
import { wordsOf } from "./words.ts";

/** Weights of words that an answer should not need. */
const RUDE: ReadonlyMap<string, number> = new Map(
  Object.entries({
    idiot: 1,
    idiots: 1,
    idiotic: 0.9,
    stupid: 0.9,
    moron: 1,
    morons: 1,
    dumb: 0.8,
    pathetic: 0.9,
    loser: 0.9,
    losers: 0.9,
    imbecile: 1,
    worthless: 0.8,
    disgusting: 0.7,
    shut: 0.2,
    hate: 0.5,
    despise: 0.7,
    ridiculous: 0.6,
    incompetent: 0.8,
    clueless: 0.7,
    ignorant: 0.7,
    garbage: 0.4,
    crap: 0.7,
    shit: 0.9,
    fuck: 1,
    fucking: 1,
    bullshit: 1,
    bastard: 1,
    bitch: 1,
    damn: 0.5,
    hell: 0.2,
    useless: 0.6,
    lazy: 0.5,
    liar: 0.8,
    terrible: 0.3,
    awful: 0.4,
    horrible: 0.4,
    worst: 0.3,
  }),
);
const NEGATED = new Set(["not", "never", "no", "isn", "aren", "wasn", "don", "doesn", "without", "nor"]);
const ADDRESSED = new Set(["you", "your", "you're", "u"]);

/** Rudeness by words: strong words, more so when they are said to someone, less when they are denied. English only. */
export const tone: Detector = {
  name: "output.tone",
  category: "tone",
  replacement: "[REDACTED]",
  extent: whole,
  find({ text }, report) {
    const words = wordsOf(text);
    for (const [index, { text: word, start, end }] of words.entries()) {
      const weight = RUDE.get(word);
      if (weight === undefined) continue;
      const before = words.slice(Math.max(0, index - 4), index).map(({ text: earlier }) => earlier);
      const denied = before.slice(-3).some((earlier) => NEGATED.has(earlier));
      const addressed = before.some((earlier) => ADDRESSED.has(earlier));
      const score = Math.min(1, weight * (denied ? 0.4 : addressed ? 1.2 : 0.8));
      report({ start, end, score, explanation: "A rude word." });
    }
  },
  undecidedFrom: ({ from }) => from,
};
