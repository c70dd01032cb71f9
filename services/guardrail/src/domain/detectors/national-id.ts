import { type Detector, type Report, span } from "../detector.ts";
import type { Range } from "../normalise/offset-map.ts";
import type { TextView } from "../text-view.ts";
import {
  isBrazilianCpf,
  isDutchBsn,
  isFrenchNir,
  isGermanTaxId,
  isItalianCode,
  isPolishPesel,
  isSpanishId,
  passesVerhoeff,
} from "./check-digits.ts";
import { passesLuhn, precededBy } from "./number-text.ts";

/** Longest number with separators, and the character after it. */
const LONGEST = 32;
const BOUNDED = (source: string) => new RegExp(`(?<![\\w.-])${source}(?![\\w-])`, "g");

interface NationalId {
  readonly form: RegExp;
  /** Without separators, in capitals. */
  readonly isValid: (id: string) => boolean;
  /** Words that say what the number is. */
  readonly words: RegExp;
  /** Without such words; 0: too many other numbers look like it. */
  readonly score: number;
  readonly explanation: string;
}

const always = () => true;
const IDS: readonly NationalId[] = [
  {
    form: BOUNDED("(?!BG|GB|NK|KN|TN|NT|ZZ)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?\\d{2} ?\\d{2} ?\\d{2} ?[A-D]"),
    isValid: always,
    words: /national insurance|\bnino\b|\bni (?:number|no)/i,
    score: 0.8,
    explanation: "A UK national insurance number.",
  },
  {
    form: BOUNDED("[12] ?\\d{2} ?\\d{2} ?\\d{2} ?\\d{3} ?\\d{3} ?\\d{2}"),
    isValid: isFrenchNir,
    words: /s[eé]curit[eé] sociale|\bnir\b|\binsee\b/i,
    score: 0.8,
    explanation: "A French social security number with a valid key.",
  },
  {
    form: BOUNDED("(?:\\d{8}|[XYZ]-?\\d{7})-?[A-HJ-NP-TV-Z]"),
    isValid: isSpanishId,
    words: /\bdni\b|\bnie\b|\bnif\b|identidad/i,
    score: 0.75,
    explanation: "A Spanish identity number with a valid letter.",
  },
  {
    form: BOUNDED("[A-Z]{6}\\d{2}[A-EHLMPRST]\\d{2}[A-Z]\\d{3}[A-Z]"),
    isValid: isItalianCode,
    words: /codice fiscale|fiscal code/i,
    score: 0.9,
    explanation: "An Italian tax code with a valid check letter.",
  },
  {
    form: BOUNDED("\\d{3}\\.\\d{3}\\.\\d{3}-\\d{2}"),
    isValid: isBrazilianCpf,
    words: /\bcpf\b/i,
    score: 0.85,
    explanation: "A Brazilian taxpayer number with valid check digits.",
  },
  {
    form: BOUNDED("[2-9]\\d{3}([ -])\\d{4}\\1\\d{4}"),
    isValid: passesVerhoeff,
    words: /aa?dhaa?r|\buidai?\b/i,
    score: 0.6,
    explanation: "An Indian Aadhaar number with a valid check digit.",
  },
  {
    form: BOUNDED("[A-Z]{3}[ABCFGHLJPT][A-Z]\\d{4}[A-Z]"),
    isValid: always,
    words: /\bpan\b|permanent account/i,
    score: 0.7,
    explanation: "An Indian permanent account number.",
  },
];
/** Plain digits: only where words say what they are. */
const NAMED: readonly Omit<NationalId, "score">[] = [
  {
    form: BOUNDED("\\d{2} ?\\d{3} ?\\d{3} ?\\d{3}"),
    isValid: isGermanTaxId,
    words: /steuer|tax (?:id|number)|\bidnr|\btin\b/i,
    explanation: "A German tax number with a valid check digit.",
  },
  {
    form: BOUNDED("\\d{4}\\.?\\d{2}\\.?\\d{3}"),
    isValid: isDutchBsn,
    words: /\bbsn\b|burgerservice|sofinummer/i,
    explanation: "A Dutch citizen service number.",
  },
  { form: BOUNDED("\\d{11}"), isValid: isBrazilianCpf, words: /\bcpf\b/i, explanation: "A Brazilian taxpayer number." },
  { form: BOUNDED("\\d{11}"), isValid: isPolishPesel, words: /\bpesel\b/i, explanation: "A Polish PESEL number." },
  {
    form: BOUNDED("\\d{12}"),
    isValid: passesVerhoeff,
    words: /aa?dhaa?r|\buidai?\b/i,
    explanation: "An Indian Aadhaar number.",
  },
  {
    form: BOUNDED("\\d{3}([ -]?)\\d{3}\\1\\d{3}"),
    isValid: passesLuhn,
    words: /\bsin\b|social insurance/i,
    explanation: "A Canadian social insurance number.",
  },
  { form: BOUNDED("[A-Z]{0,2}\\d{6,9}"), isValid: always, words: /passport/i, explanation: "A passport number." },
];

/**
 * Identity, tax and insurance numbers of persons outside the United States: their form and check digits, and where
 * these prove little, only with a word nearby that says what the number is.
 */
export const nationalId: Detector = {
  name: "pii.national_id",
  category: "pii",
  replacement: "[NATIONAL_ID_REDACTED]",
  extent: span(LONGEST),
  find(view, report) {
    const groups = view.digitGroups;
    for (let i = 0; i < groups.length; ) {
      const first = i;
      let digits = 0;
      // Groups of digits with little between them are looked at together.
      do {
        digits += (groups[i + 1] as number) - (groups[i] as number);
        i += 2;
      } while (i < groups.length && (groups[i] as number) - (groups[i - 1] as number) <= 3);
      if (digits >= 4) idsBetween(view, { start: groups[first] as number, end: groups[i - 1] as number }, report);
    }
  },
  undecidedFrom({ text, from }) {
    let start = text.length;
    const lowest = Math.max(from, text.length - LONGEST);
    while (start > lowest && /[A-Z0-9 .-]/.test(text.charAt(start - 1))) start--;
    return start;
  },
};

function idsBetween({ text, from }: TextView, { start, end }: Range, report: Report): void {
  const near = text.slice(0, end + 8);
  const before = text.slice(Math.max(0, start - 64), start);
  for (const id of IDS) {
    id.form.lastIndex = Math.max(from, start - 8);
    for (let found = id.form.exec(near); found !== null; found = id.form.exec(near)) {
      take(text, { found, id, score: id.score }, report);
    }
  }
  for (const id of NAMED) {
    if (!id.words.test(before)) continue;
    id.form.lastIndex = Math.max(from, start - 8);
    for (let found = id.form.exec(near); found !== null; found = id.form.exec(near)) {
      take(text, { found, id, score: 0 }, report);
    }
  }
}

interface Candidate {
  readonly found: RegExpExecArray;
  readonly id: Pick<NationalId, "isValid" | "words" | "explanation">;
  readonly score: number;
}

function take(text: string, { found, id, score }: Candidate, report: Report): void {
  const start = found.index;
  if (!id.isValid(found[0].replace(/[ .-]/g, ""))) return;
  const isNamed = precededBy(text, start, { words: id.words, reach: 48 });
  if (!isNamed && score === 0) return;
  report({ start, end: start + found[0].length, score: isNamed ? 0.95 : score, explanation: id.explanation });
}
