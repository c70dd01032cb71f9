import { bestSentences, isQuestion, sentences } from "./words.ts";

const ABOUT_ME = /\b(i|i'm|i've|my|me|mine|we|our)\b/i;
// Not "how do I …", which asks for advice.
const ASKS_ABOUT_ME =
  /\b(my|mine|our)\b|\b(who|what|where|when|which)\b.*\b(am|do|did|have|was) (i|we)\b|\babout me\b/i;
const SWAPS: readonly (readonly [RegExp, string])[] = [
  [/\bI am\b|\bI'm\b/g, "you are"],
  [/\bI was\b/g, "you were"],
  [/\bI've\b/g, "you have"],
  [/\bI\b/g, "you"],
  [/\bmy\b/gi, "your"],
  [/\bmine\b/gi, "yours"],
  [/\bmyself\b/gi, "yourself"],
  [/\bme\b/gi, "you"],
  [/\bwe\b/gi, "you"],
  [/\bour\b/gi, "your"],
];

/** What the user told about themselves, in single clauses: "my name is Ada". */
export function statements(texts: readonly string[]): string[] {
  return texts
    .flatMap(sentences)
    .filter((sentence) => !isQuestion(sentence))
    .flatMap((sentence) => sentence.split(/,\s+|;\s+|\s+and\s+(?=(?:i|my|we|our)\b)/i))
    .map((clause) =>
      clause
        .replace(/^(?:please\s+)?(?:remember|note|keep in mind)(?:\s+that)?[\s:,]+/i, "")
        .replace(/[.!]+$/, "")
        .trim(),
    )
    .filter((clause) => ABOUT_ME.test(clause) && clause.split(/\s+/).length > 2);
}

/** Says a statement back: "my name is Ada" becomes "Your name is Ada." */
export function sayBack(statement: string): string {
  let text = statement;
  for (const [mine, yours] of SWAPS) text = text.replace(mine, yours);
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}

/** True when the user asks about themselves or about what was said. */
export function asksAboutMe(question: string): boolean {
  return isQuestion(question) && ASKS_ABOUT_ME.test(question);
}

/** The answer from what the user said before, the latest word on it first; undefined when nothing fits. */
export function answerFromFacts(question: string, earlier: readonly string[]): string | undefined {
  if (!asksAboutMe(question)) return undefined;
  const known = statements(earlier);
  if (known.length === 0) return undefined;
  if (/\bknow about me\b|\bremember about me\b|\btold you\b|\btell you\b/i.test(question))
    return known.map(sayBack).join(" ");
  const asked = question.replace(/\bwho am i\b/i, "my name").replace(/\bold\b/i, "old age years");
  const [fact] = bestSentences(
    asked,
    known.map((statement) => statement.replace(/\bcalled\b/i, "called (name)")),
    1,
  );
  return fact === undefined ? undefined : sayBack(fact.replace(" (name)", ""));
}

/** The answer to a statement about oneself; undefined for anything else. */
export function acknowledge(text: string): string | undefined {
  if (isQuestion(text) || text.length > 400) return undefined;
  const told = statements([text]);
  if (told.length === 0) return undefined;
  const name = nameOf(told);
  const greeting = name ? `Nice to meet you, ${name}. ` : "";
  return `${greeting}I will keep in mind: ${told.map((statement) => sayBack(statement).replace(/^Y/, "y").replace(/\.$/, "")).join("; ")}.`;
}

/** The user's name, if they gave it. */
export function nameOf(known: readonly string[]): string | undefined {
  for (const statement of [...known].reverse()) {
    const match = /\bmy name is\s+([\p{L}'-]+)|\b(?:i am|i'm) called\s+([\p{L}'-]+)|\bcall me\s+([\p{L}'-]+)/iu.exec(
      statement,
    );
    if (match) return match[1] ?? match[2] ?? match[3];
  }
  return undefined;
}
