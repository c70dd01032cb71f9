import { GAP, hasClass, hasClassAt, LETTER, WORD } from "../characters.ts";
import { type Detector, type Report, span } from "../detector.ts";
import type { Match } from "../finding.ts";
import { type DecodedView, openEncoded } from "../normalise/decoded-views.ts";
import { settledSpelling, spelledText } from "../normalise/spelled-text.ts";
import { DISGUISED, SPACED, TAGGED, traitsOf } from "../normalise/traits.ts";
import { type Form, TextView } from "../text-view.ts";
import type { Stage } from "../verdict.ts";
import { type InjectionRule, injectionRules, markupLiterals } from "./injection-rules.ts";

/** Longest phrase that is found, with the character after it. */
const LONGEST = 240;
const LONGEST_MARKUP = Math.max(...markupLiterals.map((literal) => literal.length));
const UNDERSCORE = 95;
const MARKUP_EXPLANATION = "Contains the markup that separates instructions from data.";

interface CompiledRule {
  readonly rule: InjectionRule;
  readonly rest: RegExp;
}

interface Start {
  /** Lower case, single spaces. */
  readonly words: string;
  readonly rules: readonly CompiledRule[];
}

// By first two letters: a text's words are looked up here, everything else is asked of few of them.
const STARTS = indexStarts();
const FIRST_WORD = firstWordPattern();

/**
 * Phrases of prompt injections and jailbreaks, and the markup of chat templates. Scores differ by who wrote the text:
 * what came from a tool or a document is judged more strictly than what a user wrote.
 */
export const injectionPhrase: Detector = {
  name: "injection.phrase",
  category: "prompt_injection",
  replacement: "[INJECTION_REDACTED]",
  extent: span(LONGEST),
  find(view, report, stage) {
    const untrusted = isUntrusted(stage);
    findIn(view.plain, view, { report, untrusted });
    const { spelled } = view;
    if (spelled !== undefined) findIn(spelled, view, { report, untrusted });
    for (const hidden of view.decoded) findHidden(hidden, report, untrusted);
  },
  undecidedFrom(view) {
    const { view: plain, map } = view.plain ?? { view, map: undefined };
    const open = Math.min(openPhrase(plain.text, plain.from), openMarkup(plain.text, plain.from), openDisguise(plain));
    const undecided = map === undefined || open === plain.text.length ? open : map.toOriginal(open, open).start;
    return Math.min(open === plain.text.length ? view.text.length : undecided, openEncoded(view.text, view.from));
  },
};

interface Search {
  readonly report: Report;
  readonly untrusted: boolean;
}

function findIn(form: Form | undefined, view: TextView, { report, untrusted }: Search): void {
  const placed: Report =
    form === undefined
      ? report
      : (match) => {
          const range = form.map.toOriginal(match.start, match.end);
          if (range.start >= view.from) report({ ...match, ...range });
        };
  findPhrases(form?.view ?? view, placed, untrusted);
  findMarkup(form?.view ?? view, placed, untrusted);
}

// Whoever encodes an instruction hides it: that is no weaker than saying it.
function findHidden({ text, start, end, encoding }: DecodedView, report: Report, untrusted: boolean): void {
  let worst: Match | undefined;
  const keep: Report = (match) => {
    if (worst === undefined || match.score > worst.score) worst = match;
  };
  const view = new TextView(text);
  findPhrases(view, keep, untrusted);
  findMarkup(view, keep, untrusted);
  if (worst !== undefined) report({ ...worst, start, end, explanation: `${worst.explanation} Hidden as ${encoding}.` });
}

// Where a word begins whose spelling, and so a phrase, is not settled yet.
function openDisguise({ text, from }: TextView): number {
  const settled = Math.max(from, settledSpelling(text));
  if (settled === text.length && (traitsOf(text.slice(-2 * LONGEST)) & (DISGUISED | SPACED | TAGGED)) === 0)
    return settled;
  const spelled = spelledText(text.slice(0, settled));
  const start = spelled.fromOriginal(from);
  const open = openPhrase(spelled.text, start);
  return open < spelled.text.length ? Math.min(settled, spelled.toOriginal(open, open + 1).start) : settled;
}

function isUntrusted(stage: Stage): boolean {
  return stage === "tool_result" || stage === "retrieved";
}

function findPhrases({ text, from }: TextView, report: Report, untrusted: boolean): void {
  FIRST_WORD.lastIndex = text.charCodeAt(from - 1) === UNDERSCORE ? from - 1 : from;
  for (let found = FIRST_WORD.exec(text); found !== null; found = FIRST_WORD.exec(text)) {
    const index = text.charCodeAt(found.index) === UNDERSCORE ? found.index + 1 : found.index;
    const starts = STARTS[bucketAt(text, index)];
    if (starts !== undefined && startsWord(text, index)) {
      matchStarts(text, index, { starts, report, untrusted });
    }
  }
}

// Markdown sets words between underscores, so one in front is no part of a word.
function startsWord(text: string, index: number): boolean {
  return !hasClassAt(text, index - 1, WORD) || text.charCodeAt(index - 1) === UNDERSCORE;
}

interface Attempt {
  readonly starts: readonly Start[];
  readonly report: Report;
  readonly untrusted: boolean;
}

function matchStarts(text: string, index: number, { starts, report, untrusted }: Attempt): void {
  for (const start of starts) {
    const after = endOfWords(text, index, start.words);
    if (after <= 0) continue;
    for (const { rule, rest } of start.rules) {
      rest.lastIndex = after;
      const score = untrusted ? rule.untrustedScore : rule.score;
      if (score === 0 || !rest.test(text) || rest.lastIndex - index >= LONGEST) continue;
      report({ start: index, end: rest.lastIndex, score, explanation: `${rule.explanation} (${rule.id})` });
    }
  }
}

/**
 * Compares word by word without regard to case; any white space counts as one space.
 * @returns the index after the words; 0: they do not stand here; -1: the text ends before that is known
 */
function endOfWords(text: string, index: number, words: string): number {
  let at = index;
  for (let i = 0; i < words.length; i++, at++) {
    if (at >= text.length) return -1;
    const wanted = words.charCodeAt(i);
    const code = text.charCodeAt(at);
    if (wanted === 32) {
      if (!isSpace(code)) return 0;
      while (isSpace(text.charCodeAt(at + 1)) && at - index < LONGEST) at++;
    } else if (wanted === 39 ? code !== 39 && code !== 0x2019 : lower(code) !== wanted) {
      return 0;
    }
  }
  return hasClassAt(text, at, WORD) ? 0 : at;
}

function openPhrase(text: string, from: number): number {
  // Nothing crosses the end of a sentence, so only the words after the last one can be open.
  let lowest = text.length;
  const floor = Math.max(from, text.length - LONGEST);
  while (lowest > floor && hasClass(text.charCodeAt(lowest - 1), GAP)) lowest--;
  for (let i = lowest; i < text.length; i++) {
    if (!hasClass(text.charCodeAt(i), WORD) || !startsWord(text, i)) continue;
    if (i + 1 === text.length) return hasClassAt(text, i, LETTER) ? i : text.length;
    const starts = STARTS[bucketAt(text, i)];
    if (starts?.some(({ words }) => endOfWords(text, i, words) !== 0)) return i;
  }
  return text.length;
}

function findMarkup(view: TextView, report: Report, untrusted: boolean): void {
  const { text, from } = view;
  if (!hasMarkupCharacter(text, from)) return;
  for (const literal of markupLiterals) {
    for (let at = indexOfFolded(view, literal, from); at >= 0; at = indexOfFolded(view, literal, at + 1)) {
      const score = untrusted ? 0.92 : 0.8;
      report({ start: at, end: at + literal.length, score, explanation: `${MARKUP_EXPLANATION} (chat_markup)` });
    }
  }
}

function hasMarkupCharacter(text: string, from: number): boolean {
  return (
    text.indexOf("<", from) >= 0 ||
    text.indexOf("[", from) >= 0 ||
    text.indexOf("--- ", from) >= 0 ||
    text.indexOf("###", from) >= 0
  );
}

function indexOfFolded(view: TextView, literal: string, from: number): number {
  // Lower case may be longer than the text for a few letters of a few scripts; then offsets are found the slow way.
  if (view.folded.length === view.text.length) return view.folded.indexOf(literal, from);
  for (let i = from; i + literal.length <= view.text.length; i++) {
    if (view.text.charCodeAt(i) === literal.charCodeAt(0)) {
      if (view.text.slice(i, i + literal.length).toLowerCase() === literal) return i;
    }
  }
  return -1;
}

function openMarkup(text: string, from: number): number {
  for (let i = Math.max(from, text.length - LONGEST_MARKUP + 1); i < text.length; i++) {
    const character = text.charAt(i);
    if (character !== "<" && character !== "[" && character !== "#" && character !== "-") continue;
    const rest = text.slice(i).toLowerCase();
    if (markupLiterals.some((literal) => literal.startsWith(rest))) return i;
  }
  return text.length;
}

function isSpace(code: number): boolean {
  return code === 32 || code === 10 || code === 9 || code === 13 || code === 0xa0;
}

function lower(code: number): number {
  return code >= 65 && code <= 90 ? code | 32 : code;
}

// Index of the first two letters; 0 when they are none.
function bucketAt(text: string, index: number): number {
  const first = lower(text.charCodeAt(index)) - 96;
  const second = lower(text.charCodeAt(index + 1)) - 96;
  return first >= 1 && first <= 26 && second >= 1 && second <= 26 ? first * 27 + second : 0;
}

function indexStarts(): readonly (readonly Start[] | undefined)[] {
  const compiled = injectionRules.map((rule) => ({ rule, rest: new RegExp(rule.rest, "iy") }));
  const words = new Map<string, CompiledRule[]>();
  for (const entry of compiled) {
    for (const start of entry.rule.starts) words.set(start, [...(words.get(start) ?? []), entry]);
  }
  const index: Start[][] = [];
  for (const [start, rules] of words) {
    const bucket = bucketAt(start, 0);
    index[bucket] = [...(index[bucket] ?? []), { words: start, rules }];
  }
  return index;
}

// One expression finds first words several times faster than a loop over all words.
function firstWordPattern(): RegExp {
  const words = new Set(
    injectionRules.flatMap(({ starts }) => starts.map((start) => start.split(/[ '-]/, 1)[0] ?? "")),
  );
  return new RegExp(`(?:\\b|_)(?:${[...words].sort().join("|")})\\b`, "gi");
}
