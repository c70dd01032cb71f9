import { type Detector, whole } from "../detector.ts";
import { type Word, wordsOf } from "./words.ts";

/** Consecutive words that answer and prompt must share: fewer are idiom. */
const RUN = 8;
/** A run of so many words is certain. */
const CERTAIN = 20;
const MOST_PROMPT_WORDS = 16_384;

/** Stretches of the system prompt in an answer: runs of the same words, whatever stands between them. */
export const promptLeak: Detector = {
  name: "output.prompt_leak",
  category: "prompt_leak",
  replacement: "[SYSTEM_PROMPT_REDACTED]",
  extent: whole,
  wants: ["systemPrompt", "question"],
  find({ text }, report, _stage, context) {
    const prompt = context?.systemPrompt ?? "";
    if (prompt === "") return;
    const promptWords = wordsOf(prompt, MOST_PROMPT_WORDS);
    const known = new Set(promptWords.map(({ text: word }) => word));
    const own = runsOf(promptWords);
    if (own.size === 0) return;
    // What the user wrote may be repeated to them.
    for (const run of runsOf(wordsOf(context?.question ?? "", MOST_PROMPT_WORDS))) own.delete(run);
    const words = wordsOf(text);
    for (let i = 0; i + RUN <= words.length; ) {
      // No run goes across a word that the prompt does not have.
      if (!known.has((words[i + RUN - 1] as Word).text)) {
        i += RUN;
        continue;
      }
      let length = 0;
      while (i + length + RUN <= words.length && own.has(runAt(words, i + length))) length++;
      if (length === 0) {
        i++;
        continue;
      }
      const count = length + RUN - 1;
      const { start } = words[i] as Word;
      const { end } = words[i + count - 1] as Word;
      const explanation = `${count} words in a row are those of the system prompt.`;
      report({ start, end, score: Math.min(1, 0.5 + (count - RUN) / (2 * (CERTAIN - RUN))), explanation });
      i += count;
    }
  },
  undecidedFrom: ({ from }) => from,
};

function runsOf(words: readonly Word[]): Set<string> {
  const runs = new Set<string>();
  for (let i = 0; i + RUN <= words.length; i++) runs.add(runAt(words, i));
  return runs;
}

function runAt(words: readonly Word[], at: number): string {
  let run = "";
  for (let i = at; i < at + RUN; i++) run += `${(words[i] as Word).text} `;
  return run;
}
