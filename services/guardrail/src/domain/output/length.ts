import { type Detector, whole } from "../detector.ts";

/** Answers that are shorter or longer than the policy wants, in UTF-16 code units; white space at the ends does not count. */
export function lengthDetector({ min, max }: { min: number; max: number }): Detector {
  return {
    name: "output.length",
    category: "length",
    replacement: "",
    extent: whole,
    find({ text }, report) {
      const { length } = text.trim();
      const explanation =
        length < min ? `Shorter than ${min} characters.` : length > max ? `Longer than ${max} characters.` : undefined;
      if (explanation === undefined) return;
      report({ start: Math.min(max, text.length), end: text.length, score: 1, explanation });
    },
    undecidedFrom: ({ from }) => from,
  };
}
