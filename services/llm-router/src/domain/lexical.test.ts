import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { embedLexically, isEmbeddable, LEXICAL_DIMENSIONS } from "./lexical.ts";

const similarity = (a: string, b: string) => {
  const other = embedLexically(b).vector;
  return embedLexically(a).vector.reduce((sum, value, index) => sum + value * (other[index] ?? 0), 0);
};

describe("the lexical embedding", () => {
  it("gives every text a vector of length one with 512 dimensions, always the same", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: "grapheme" }), fc.string({ unit: "binary" })), (text) => {
        fc.pre(isEmbeddable(text));
        const { vector } = embedLexically(text);
        expect(vector).toHaveLength(LEXICAL_DIMENSIONS);
        expect(Math.hypot(...vector)).toBeCloseTo(1, 5);
        expect(embedLexically(text).vector).toEqual(vector);
      }),
    );
  });

  it("does not depend on case, form or spacing", () => {
    expect(similarity("Résumé  ﬁle", "re\u0301sume\u0301 FILE".normalize("NFD"))).toBeCloseTo(1, 5);
  });

  it("finds the text that shares words or parts of words with a question", () => {
    const notes = [
      "The office in Lisbon opens at nine and closes at six.",
      "Invoices are paid within thirty days after receipt.",
      "Our mascot is a blue penguin called Pingu.",
    ];
    const best = (question: string) => notes.toSorted((a, b) => similarity(question, b) - similarity(question, a))[0];
    expect(best("When does the Lisbon office open?")).toBe(notes[0]);
    expect(best("How long do we have to pay an invoice?")).toBe(notes[1]);
    expect(best("what is the name of the penguin")).toBe(notes[2]);
  });

  it("keeps unrelated texts apart", () => {
    expect(Math.abs(similarity("The office opens at nine", "Quantum chromodynamics"))).toBeLessThan(0.2);
    const near = similarity("car repair", "cars repaired");
    expect(near).toBeGreaterThan(similarity("car repair", "automobile workshop") + 0.2);
  });

  it("works for scripts without spaces", () => {
    expect(similarity("東京の天気", "東京の天気予報")).toBeGreaterThan(similarity("東京の天気", "大阪で食事"));
  });

  it("embeds the longest text that is allowed within a few milliseconds", () => {
    const text = Array.from({ length: 5_000 }, (_, index) => `w${index}rd`)
      .join(" ")
      .slice(0, 32 * 1024);
    embedLexically(text);
    const started = performance.now();
    embedLexically(text);
    expect(performance.now() - started).toBeLessThan(200);
  });
});
