// Words that say nothing about a question's subject.
const STOP_WORDS = new Set(
  (
    "a an and any are about according am as at be been but by can could did do does for from had has have how i in into is it its " +
    "just know like me mine my of on or our please remember recall said say should tell that the their them then there these they " +
    "this to told us was we were what when where which who why will with would you your notes note memory does whats called"
  ).split(" "),
);

/** The content words of a text: lower case, without stop words and plural endings. */
export function keywords(text: string): Set<string> {
  const words = text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
  return new Set(words.filter((word) => word.length > 1 && !STOP_WORDS.has(word)).map(stem));
}

function stem(word: string): string {
  if (word.length > 4 && word.endsWith("ies")) return `${word.slice(0, -3)}y`;
  if (word.length > 3 && word.endsWith("s") && !word.endsWith("ss")) return word.slice(0, -1);
  // British and American spelling of the commonest question about a person.
  return word.replace(/^favourite$/, "favorite").replace(/^colour$/, "color");
}

/** Splits a text into sentences; a line break ends one too. */
export function sentences(text: string): string[] {
  return text
    .split(/(?<=[.!?])\s+|\n+/)
    .map((sentence) => sentence.replace(/^[-*•\d.)\s]+(?=\p{L})/u, "").trim())
    .filter((sentence) => sentence !== "");
}

/** The sentences that share most content words with a question, best first; none when too little is shared. */
export function bestSentences(question: string, candidates: readonly string[], atMost: number): string[] {
  const wanted = keywords(question);
  if (wanted.size === 0) return [];
  const scored = candidates.map((sentence, at) => ({ sentence, at, shared: sharedWords(wanted, sentence) }));
  const needed = Math.max(1, Math.ceil(wanted.size / 3));
  return scored
    .filter(({ shared }) => shared >= needed)
    .sort((a, b) => b.shared - a.shared || b.at - a.at)
    .slice(0, atMost)
    .map(({ sentence }) => sentence);
}

function sharedWords(wanted: ReadonlySet<string>, sentence: string): number {
  let shared = 0;
  for (const word of keywords(sentence)) if (wanted.has(word)) shared++;
  return shared;
}

/** Text cut at a word, with an ellipsis. */
export function excerpt(text: string, characters: number): string {
  // A long text need not be cleaned to its end.
  const plain = text
    .slice(0, characters * 4)
    .replace(/[^\S ]+| {2,}/g, " ")
    .trim();
  if (plain.length <= characters) return plain;
  const end = plain.lastIndexOf(" ", characters);
  return `${plain.slice(0, end > 0 ? end : characters)} …`;
}

/** True when a text asks something. */
export function isQuestion(text: string): boolean {
  return /\?|^\s*(who|what|when|where|which|why|how|do|does|did|is|are|can|could|tell me|show me|list)\b/i.test(text);
}
