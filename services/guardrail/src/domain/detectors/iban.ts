import { hasClass, hasClassAt, LETTER, WORD } from "../characters.ts";
import { type Detector, span } from "../detector.ts";

/** Lengths by country: SWIFT, IBAN Registry. */
const LENGTHS = new Map(
  (
    "AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 DK18 DO28 EE20 EG29 " +
    "ES24 FI18 FK18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HN28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 " +
    "LB28 LC32 LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 MK19 MN20 MR27 MT31 MU30 NI28 NL18 NO15 OM23 PK24 PL28 PS29 " +
    "PT25 QA29 RO24 RS22 RU33 SA24 SC31 SD18 SE24 SI19 SK24 SM27 SO23 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20 YE30"
  )
    .split(" ")
    .map((entry) => [entry.slice(0, 2), Number(entry.slice(2))]),
);

/** 34 characters with separators. */
const LONGEST = 50;

/** International bank account numbers: a country's length and the check digits (ISO 13616, mod 97). */
export const iban: Detector = {
  name: "pii.iban",
  category: "pii",
  replacement: "[IBAN_REDACTED]",
  extent: span(LONGEST),
  find(view, report) {
    const { text, digitGroups: groups, from } = view;
    for (let i = 0; i < groups.length; i += 2) {
      const digits = groups[i] as number;
      const start = digits - 2;
      if (start < from || (groups[i + 1] as number) - digits < 2 || !opensIban(text, start)) continue;
      const end = ibanEnd(text, start);
      if (end !== undefined) {
        report({ start, end, score: 0.97, explanation: "A bank account number (IBAN) with valid check digits." });
      }
    }
  },
  undecidedFrom({ text, from }) {
    // Only capitals, digits and separators right up to the end keep one open; "GB2" at the end does so already.
    const lowest = Math.max(from, text.length - LONGEST - 1);
    let open = text.length;
    for (let i = text.length - 1; i >= lowest && isPart(text, i); i--) {
      if (couldOpenIban(text, i)) open = i;
    }
    return open;
  },
};

function opensIban(text: string, start: number): boolean {
  return hasClassAt(text, start, LETTER) && hasClassAt(text, start + 1, LETTER) && !hasClassAt(text, start - 1, WORD);
}

function couldOpenIban(text: string, start: number): boolean {
  if (!hasClassAt(text, start, LETTER) || hasClassAt(text, start - 1, WORD)) return false;
  for (let i = start + 1; i < start + 4 && i < text.length; i++) {
    const wanted = i === start + 1;
    if (hasClass(text.charCodeAt(i), LETTER) !== wanted || !hasClass(text.charCodeAt(i), WORD)) return false;
  }
  return true;
}

function isPart(text: string, index: number): boolean {
  return hasClass(text.charCodeAt(index), WORD) || isSeparator(text, index);
}

function isSeparator(text: string, index: number): boolean {
  const character = text.charAt(index);
  return character === " " || character === "-" || character === "\u00a0";
}

function ibanEnd(text: string, start: number): number | undefined {
  const length = LENGTHS.get(text.slice(start, start + 2).toUpperCase());
  if (length === undefined) return undefined;
  let compact = "";
  let index = start;
  for (; compact.length < length && index < Math.min(text.length, start + LONGEST); index++) {
    const character = text.charAt(index);
    if (/[A-Za-z0-9]/.test(character)) compact += character.toUpperCase();
    else if (!isSeparator(text, index) || isSeparator(text, index - 1)) return undefined;
  }
  if (compact.length < length || hasClassAt(text, index, WORD)) return undefined;
  return passesMod97(compact) ? index : undefined;
}

/** Whether the number made of the characters, the first four moved to the end, leaves 1 when divided by 97. */
export function passesMod97(compact: string): boolean {
  let remainder = 0;
  for (const character of compact.slice(4) + compact.slice(0, 4)) {
    const value = Number.parseInt(character, 36);
    remainder = (remainder * (value > 9 ? 100 : 10) + value) % 97;
  }
  return remainder === 1;
}
