import { type Detector, whole } from "../detector.ts";
import { wordsOf } from "./words.ts";

/** Scripts that name a language, or a family of which the first is taken. */
const SCRIPTS: readonly (readonly [string, RegExp])[] = [
  ["ja", /[\p{Script=Hiragana}\p{Script=Katakana}]/gu],
  ["ko", /\p{Script=Hangul}/gu],
  ["zh", /\p{Script=Han}/gu],
  ["ru", /\p{Script=Cyrillic}/gu],
  ["ar", /\p{Script=Arabic}/gu],
  ["el", /\p{Script=Greek}/gu],
  ["he", /\p{Script=Hebrew}/gu],
  ["hi", /\p{Script=Devanagari}/gu],
  ["th", /\p{Script=Thai}/gu],
];
const STOPWORDS: Readonly<Record<string, string>> = {
  en: "the and of to in is that it for you was with are this be have not on at from they which what can will would your there their",
  de: "der die und das ist nicht ich sie es ein eine zu den mit sich auf für dem von auch wir dass werden wird sind oder kann",
  fr: "le la les des et est une un dans que qui pour pas vous nous avec sur ce sont mais plus au aux cette être votre il elle",
  es: "el la los las y es una un en que por para con no se del su al lo como más pero sus está son este puede usted",
  it: "il la i gli le e è un una di che per non con sono del della in si al come più ma anche questo può essere nel",
  pt: "o a os as e é um uma de que em para com não se do da no na por mais como mas você seu sua são isso pode",
  nl: "de het een en van is dat in op te zijn niet met voor aan er maar om ook als je hij wordt naar kan deze dit",
  sv: "och att det som en på är av för med den till inte om ett har de jag men var du kan sig från så vi",
  pl: "i w na nie się z do to że jest jak o po ale od za dla co czy są tak przez może oraz jego być ten",
  tr: "ve bir bu da de için ile çok ne olarak daha gibi en ama var değil sonra kadar olan ben siz biz mi bunu",
};
const LANGUAGES = new Map<string, string[]>();
for (const [language, words] of Object.entries(STOPWORDS)) {
  for (const word of words.split(" ")) LANGUAGES.set(word, [...(LANGUAGES.get(word) ?? []), language]);
}
/** Codes that can be told apart. */
export const KNOWN_LANGUAGES: readonly string[] = [...Object.keys(STOPWORDS), ...SCRIPTS.map(([language]) => language)];

const LOOKED_AT = 4096;
const FEWEST_WORDS = 6;

/** What language a text seems to be in and how sure that is, 0 to 1; undefined: too short to say. */
export function languageOf(text: string): { language: string; confidence: number } | undefined {
  const start = text.slice(0, LOOKED_AT);
  const letters = start.match(/\p{L}/gu)?.length ?? 0;
  for (const [language, script] of SCRIPTS) {
    const own = start.match(script)?.length ?? 0;
    const needed = language === "ja" ? 0.15 : 0.5;
    if (own >= 4 && own / letters >= needed) return { language, confidence: Math.min(1, 0.5 + own / letters / 2) };
  }
  const words = wordsOf(start);
  if (words.length < FEWEST_WORDS) return undefined;
  const counts = new Map<string, number>();
  for (const { text: word } of words) {
    const languages = LANGUAGES.get(word) ?? [];
    for (const language of languages) counts.set(language, (counts.get(language) ?? 0) + 1 / languages.length);
  }
  const [first, second] = [...counts].sort((a, b) => b[1] - a[1]);
  if (first === undefined || first[1] < 2) return undefined;
  const lead = (first[1] - (second?.[1] ?? 0)) / first[1];
  return { language: first[0], confidence: Math.min(1, lead * Math.min(1, 0.5 + (3 * first[1]) / words.length)) };
}

/** Answers in a language that is not allowed, by script and by the commonest words of each language. */
export function languageDetector(allowed: readonly string[]): Detector {
  return {
    name: "output.language",
    category: "language",
    replacement: "",
    extent: whole,
    find({ text }, report) {
      const found = languageOf(text);
      if (found === undefined || allowed.length === 0 || allowed.includes(found.language)) return;
      const explanation = `The text seems to be in "${found.language}", which is not allowed.`;
      report({ start: 0, end: text.length, score: found.confidence, explanation });
    },
    undecidedFrom: ({ from }) => from,
  };
}
