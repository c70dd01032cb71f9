import { NUMERIC, trailingRun } from "../characters.ts";
import { type Detector, span } from "../detector.ts";
import type { Match } from "../finding.ts";
import type { TextView } from "../text-view.ts";
import { endsFree, LONGEST_NUMBER, passesLuhn, precededBy, separatorBetween, startsFree } from "./number-text.ts";

const CARD_WORDS = /card|visa|master|amex|express|discover|credit|debit|charge|\bcc\b|\bpan\b|pay/i;

const CALLED_CARD =
  /(?:credit|debit|payment|visa|mastercard|amex) ?card(?: (?:number|no\.?|num))?[^\w\n]{1,4}(?:is )?$/i;
/** Numbers of parcels, parts and orders pass the check digit one time in ten. */
const OTHER_WORDS =
  /\b(?:tracking|serial|order|ticket|invoice|reference|ref|parcel|shipment|imei|isbn|sku|batch|transaction|confirmation|case|customer|account|part)\b[^.\n]{0,20}$/i;

/** First digits and lengths that issuers use (ISO/IEC 7812 issuer identification numbers). */
const ISSUERS: readonly { readonly first: RegExp; readonly lengths: readonly number[] }[] = [
  { first: /^4/, lengths: [13, 16, 19] },
  { first: /^(?:5[1-5]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720)/, lengths: [16] },
  { first: /^3[47]/, lengths: [15] },
  { first: /^(?:6011|64[4-9]|65)/, lengths: [16, 17, 18, 19] },
  { first: /^62/, lengths: [16, 17, 18, 19] },
  { first: /^3(?:0[0-5]|095|[68]|9)/, lengths: [14, 15, 16, 17, 18, 19] },
  { first: /^35(?:2[89]|[3-8])/, lengths: [16, 17, 18, 19] },
  { first: /^(?:5018|5020|5038|5893|6304|6759|676[1-3])/, lengths: [12, 13, 14, 15, 16, 17, 18, 19] },
];

/** Payment card numbers: an issuer's first digits, a length it uses, the check digit; written in one or in groups. */
export const creditCard: Detector = {
  name: "pii.credit_card",
  category: "pii",
  replacement: "[CREDIT_CARD_REDACTED]",
  extent: span(LONGEST_NUMBER),
  find(view, report) {
    const groups = view.digitGroups;
    let free = 0;
    for (let i = 0; i < groups.length; i += 2) {
      if ((groups[i] as number) < free) continue;
      const match = cardAt(view, i);
      if (match === undefined) continue;
      report(match);
      free = match.end;
    }
  },
  undecidedFrom: (view) => trailingRun(view.text, NUMERIC, { floor: view.from, limit: LONGEST_NUMBER }),
};

// The longest card that begins with the group at `first`.
function cardAt(view: TextView, first: number): Match | undefined {
  const { text, digitGroups: groups } = view;
  const start = groups[first] as number;
  if (!startsFree(text, start)) return undefined;
  let digits = "";
  let found: Match | undefined;
  let separator: string | undefined;
  for (let i = first; i < groups.length; i += 2) {
    const end = groups[i + 1] as number;
    const size = end - (groups[i] as number);
    if (digits.length + size > 19 || (i > first && size < 2)) break;
    digits += text.slice(groups[i], end);
    if (digits.length >= 12 && endsFree(text, end)) {
      if (isCard(digits)) found = cardMatch(text, start, end) ?? found;
      else if (digits.length === 16 && isCalledCard(text, start, digits)) found = mistyped(start, end);
    }
    const next = separatorBetween(text, end, groups[i + 2]);
    // Cards written in groups begin with four digits and keep one separator.
    if (next === undefined || next === "." || (i === first && size !== 4)) break;
    if (separator !== undefined && next !== separator) break;
    separator = next;
  }
  return found;
}

function isCard(digits: string): boolean {
  for (const { first, lengths } of ISSUERS) {
    if (lengths.includes(digits.length) && first.test(digits)) return passesLuhn(digits);
  }
  return false;
}

function cardMatch(text: string, start: number, end: number): Match | undefined {
  const named = precededBy(text, start, { words: CARD_WORDS, reach: 48 });
  if (!named && precededBy(text, start, { words: OTHER_WORDS, reach: 40 })) return undefined;
  return { start, end, score: named ? 0.98 : 0.85, explanation: "A payment card number with a valid check digit." };
}

// A number that its writer calls a card is treated as one, whatever the check digit says.
function isCalledCard(text: string, start: number, digits: string): boolean {
  return /^[2-6]/.test(digits) && precededBy(text, start, { words: CALLED_CARD, reach: 48 });
}

function mistyped(start: number, end: number): Match {
  return { start, end, score: 0.6, explanation: "Called a payment card; the check digit is wrong." };
}
