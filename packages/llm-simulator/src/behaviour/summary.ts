import { keywords, sentences } from "./words.ts";

const REQUEST = /\b(summari[sz]e|summary|tl;?dr|sum up|in (?:a few|short) words|shorten)\b/i;

/** True when the user wants a summary. */
export function wantsSummary(text: string): boolean {
  return REQUEST.test(text);
}

/**
 * Two sentences of the text: the first, and the one that shares most words with the rest. The text is what follows the
 * request, else the context, else the last answer; undefined when there is none.
 */
export function summarise(question: string, others: readonly string[]): string | undefined {
  const [, after = ""] = /(?:[:\n]|this text|the following)\s*([\s\S]{40,})$/i.exec(question) ?? [];
  const text = after || others.find((other) => other.length >= 40);
  if (!text) return undefined;
  const all = sentences(text);
  const [first = "", ...rest] = all;
  const central = mostCentral(rest, all);
  return `Summary: ${central ? `${first} ${central}` : first}`;
}

function mostCentral(candidates: readonly string[], all: readonly string[]): string | undefined {
  const counts = new Map<string, number>();
  for (const sentence of all) for (const word of keywords(sentence)) counts.set(word, (counts.get(word) ?? 0) + 1);
  let best: string | undefined;
  let bestScore = 0;
  for (const sentence of candidates.slice(0, 200)) {
    const words = keywords(sentence);
    let score = 0;
    for (const word of words) score += (counts.get(word) ?? 0) - 1;
    if (score / Math.sqrt(words.size + 1) > bestScore) {
      best = sentence;
      bestScore = score / Math.sqrt(words.size + 1);
    }
  }
  return best;
}
