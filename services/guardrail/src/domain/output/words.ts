/** A word of a text: in lower case, and where it stands. */
export interface Word {
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

const WORD = /[\p{L}\p{M}\p{N}]+/gu;

/** The words of a text in order, at most `limit`. */
export function wordsOf(text: string, limit = 65_536): Word[] {
  const words: Word[] = [];
  for (const { 0: word, index } of text.matchAll(WORD)) {
    if (words.length === limit) break;
    words.push({ text: word.toLowerCase(), start: index, end: index + word.length });
  }
  return words;
}

/** A stretch of a text. */
export interface Stretch {
  readonly start: number;
  readonly end: number;
}

const SENTENCE_END = /[.!?。！？](?=\s|$)|\n+/g;

/** The sentences of a text without the space around them; ends are ".", "!", "?" before a space, and line ends. */
export function sentencesOf(text: string, limit = 4096): Stretch[] {
  const sentences: Stretch[] = [];
  let start = 0;
  const add = (until: number) => {
    const raw = text.slice(start, until);
    const body = raw.trim();
    if (body !== "" && sentences.length < limit) {
      const from = start + raw.indexOf(body);
      sentences.push({ start: from, end: from + body.length });
    }
    start = until;
  };
  for (const { 0: end, index } of text.matchAll(SENTENCE_END)) add(index + end.length);
  add(text.length);
  return sentences;
}
