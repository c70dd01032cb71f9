import { type Detector, whole } from "../detector.ts";
import { sentencesOf, wordsOf } from "./words.ts";

/** Bounds of the work: sentences of the answer, and of all passages, that are compared. Later ones are not judged. */
const MOST_SENTENCES = 256;
const MOST_PASSAGE_SENTENCES = 1024;
const MOST_PASSAGES = 256;
/** Fewer content words say nothing that could be compared. */
const FEWEST_WORDS = 3;
/** A number that no passage has makes a sentence doubtful, whatever its words. */
const SUPPORT_WITHOUT_NUMBER = 0.3;
/** The most a sentence of the same words is worth that denies what the passage says, or the other way round. */
const SUPPORT_WHEN_DENIED = 0.45;
const STOPWORDS = new Set(
  "a an and any are as at be been but by can could did do does for from had has have he her his how i if in into is it its may me might more most my of on or our she should so some such than that the their them then there these they this those to was we were what when where which who will with would you your also about after all because both each here just like only other over same too very according answer based document documents passage text please".split(
    " ",
  ),
);
const NEGATION = /\b(?:not|no|never|none|without|cannot|neither|nor)\b|n['’]t\b/i;
const SMALL_TALK =
  /^(?:yes|no|sure|hello|hi|thanks|thank you|you'?re welcome|let me know|i hope|i (?:do not|don't) know)\b/i;

/**
 * Sentences of an answer that the passages it was given do not bear out, by their words: how many of a sentence's
 * content words the best passage has, whether its numbers occur, whether one denies what the other says. A lexical
 * signal, no proof: a paraphrase in other words looks unsupported, a false sentence in the passage's words supported.
 */
export const groundedness: Detector = {
  name: "output.groundedness",
  category: "groundedness",
  replacement: "[UNSUPPORTED]",
  extent: whole,
  wants: ["passages", "question"],
  find({ text }, report, _stage, context) {
    const given = context?.passages ?? [];
    if (given.length === 0) return;
    let room = MOST_PASSAGE_SENTENCES;
    const passages = given.slice(0, MOST_PASSAGES).map((passage) => {
      const prepared = passageOf(passage, room);
      room -= prepared.sentences.length;
      return prepared;
    });
    const asked = new Set(contentOf(context?.question ?? ""));
    for (const { start, end } of sentencesOf(text, MOST_SENTENCES)) {
      const sentence = text.slice(start, end);
      if (sentence.endsWith("?") || SMALL_TALK.test(sentence)) continue;
      const words = contentOf(sentence);
      if (words.length < FEWEST_WORDS) continue;
      const support = supportFor({ words, asked, denies: NEGATION.test(sentence) }, passages);
      const explanation = `The passages bear out ${Math.round(support * 100)} % of this sentence, by its words.`;
      if (support < 1) report({ start, end, score: 1 - support, explanation });
    }
  },
  undecidedFrom: ({ from }) => from,
};

interface Passage {
  /** Of the whole passage. */
  readonly words: ReadonlySet<string>;
  /** Of its sentences. */
  readonly sentences: readonly { readonly words: ReadonlySet<string>; readonly denies: boolean }[];
}

function passageOf(text: string, room: number): Passage {
  const sentences = sentencesOf(text, room).map(({ start, end }) => {
    const sentence = text.slice(start, end);
    return { words: new Set(contentOf(sentence)), denies: NEGATION.test(sentence) };
  });
  return { words: new Set(contentOf(text)), sentences };
}

function supportFor(
  { words, asked, denies }: { words: readonly string[]; asked: ReadonlySet<string>; denies: boolean },
  passages: readonly Passage[],
): number {
  let best = 0;
  for (const passage of passages) {
    const found = shareOf(words, passage.words, asked);
    if (found <= best) continue;
    // Only the sentence that is closest can be denied.
    let closest = 0;
    let isDenied = false;
    for (const sentence of passage.sentences) {
      const share = shareOf(words, sentence.words, asked);
      if (share <= closest) continue;
      closest = share;
      isDenied = sentence.denies !== denies;
    }
    best = Math.max(best, isDenied && closest >= 0.5 ? Math.min(found, SUPPORT_WHEN_DENIED) : found);
  }
  const hasNumbers = words.every(
    (word) => !/\p{N}/u.test(word) || asked.has(word) || passages.some((p) => p.words.has(word)),
  );
  return hasNumbers ? best : Math.min(best, SUPPORT_WITHOUT_NUMBER);
}

// The user's own words count half: repeating the question proves nothing.
function shareOf(words: readonly string[], own: ReadonlySet<string>, asked: ReadonlySet<string>): number {
  let found = 0;
  let total = 0;
  for (const word of words) {
    const weight = asked.has(word) ? 0.5 : 1;
    total += weight;
    if (own.has(word)) found += weight;
  }
  return total === 0 ? 0 : found / total;
}

function contentOf(text: string): string[] {
  return wordsOf(text)
    .filter(({ text: word }) => !STOPWORDS.has(word) && (word.length > 1 || /\p{N}/u.test(word)))
    .map(({ text: word }) => stemOf(word));
}

// Endings of English that change no meaning here; other languages keep their words as they are.
function stemOf(word: string): string {
  if (word.length < 5 || /\p{N}/u.test(word)) return word;
  const stem = word.replace(/(?:ies|ied)$/, "y").replace(/(?:ing|edly|ed|es|ly|s)$/, "");
  return stem.length >= 3 ? stem.replace(/e$/, "") : word;
}
