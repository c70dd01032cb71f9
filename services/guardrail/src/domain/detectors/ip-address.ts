import { HEX_COLON, hasClassAt, trailingRun, WORD } from "../characters.ts";
import { type Detector, type Report, span } from "../detector.ts";
import type { TextView } from "../text-view.ts";
import { precededBy } from "./number-text.ts";

const LONGEST = 48;
const VERSION_WORDS =
  /(?:version|chapter|section|release|build|clause|rule|firmware|part|oid|§|\bver|\bv)[ .:#-]{0,3}$/i;
const PRIVATE_V4 = /^(?:0|10|127|169\.254|172\.(?:1[6-9]|2\d|3[01])|192\.168|22[4-9]|23\d|24\d|25\d)\./;
const PRIVATE_V6 = /^(?:f[cd]|fe[89ab]|ff|:)/i;
const EXPLANATION = "A network address.";

/**
 * IPv4 and IPv6 addresses. Score 0.9 for public ones; 0.5 for private, local and multicast ones, which identify
 * nobody; numbers of versions and chapters are left alone.
 */
export const ipAddress: Detector = {
  name: "pii.ip_address",
  category: "pii",
  replacement: "[IP_ADDRESS_REDACTED]",
  extent: span(LONGEST),
  find(view, report) {
    findV4(view, report);
    findV6(view, report);
  },
  undecidedFrom({ text, from }) {
    const end = text.endsWith("-") && text.length > from ? text.length - 1 : text.length;
    const start = trailingRun(text, HEX_COLON, { floor: from, limit: LONGEST, end });
    return start === end ? text.length : start;
  },
};

function findV4(view: TextView, report: Report): void {
  const { text, digitGroups: groups } = view;
  for (let i = 0; i + 7 < groups.length; i += 2) {
    const start = groups[i] as number;
    const end = groups[i + 7] as number;
    if (end - start > 15 || !isQuad(text, groups, i) || !isAlone(text, start, end)) continue;
    if (precededBy(text, start, { words: VERSION_WORDS, reach: 16 })) continue;
    const address = text.slice(start, end);
    report({ start, end, score: scoreOf(address), explanation: EXPLANATION });
  }
}

function isQuad(text: string, groups: readonly number[], first: number): boolean {
  for (let i = first; i < first + 8; i += 2) {
    const start = groups[i] as number;
    const end = groups[i + 1] as number;
    const size = end - start;
    if (size > 3 || (size > 1 && text.charAt(start) === "0") || Number(text.slice(start, end)) > 255) return false;
    if (i < first + 6 && (groups[i + 2] !== end + 1 || text.charAt(end) !== ".")) return false;
  }
  return true;
}

// Four single digits are the number of a chapter or a well-known resolver, not a person's connection.
function scoreOf(address: string): number {
  return address.length === 7 || PRIVATE_V4.test(address) ? 0.5 : 0.9;
}

function isAlone(text: string, start: number, end: number): boolean {
  if (hasClassAt(text, start - 1, WORD) || hasClassAt(text, end, WORD)) return false;
  const before = text.charAt(start - 1);
  if (before === "." || before === "-") return false;
  const after = text.charAt(end);
  return !((after === "." || after === "-") && hasClassAt(text, end + 1, WORD));
}

function findV6({ text, from }: TextView, report: Report): void {
  let searched = from;
  for (let colon = text.indexOf(":", from); colon >= 0; colon = text.indexOf(":", searched)) {
    let start = colon;
    while (start > searched && hasClassAt(text, start - 1, HEX_COLON)) start--;
    let end = colon + 1;
    while (hasClassAt(text, end, HEX_COLON)) end++;
    searched = end;
    const address = text.slice(start, end).replace(/[.:]$/, "");
    end = start + address.length;
    if (address.length > 45 || !isV6(address) || hasClassAt(text, end, WORD)) continue;
    if (hasClassAt(text, start - 1, WORD | HEX_COLON)) continue;
    report({ start, end, score: PRIVATE_V6.test(address) ? 0.5 : 0.9, explanation: EXPLANATION });
  }
}

/** First groups that networks are given: link-local, unique local, global unicast. */
const NETWORK = /^(?:fe80|f[cd][0-9a-f]{2}|2[0-9a-f]{3})$/i;

// RFC 4291, 2.2. Other short forms such as "a::b" are refused: in code they are names far more often than addresses.
function isV6(address: string): boolean {
  const halves = address.split("::");
  if (halves.length > 2) return false;
  const groups = halves.flatMap((half) => (half === "" ? [] : half.split(":")));
  if (!groups.every((group) => /^[0-9a-f]{1,4}$/i.test(group))) return false;
  if (halves.length === 1) return groups.length === 8;
  if (groups.length === 2 && NETWORK.test(groups[0] as string)) return true;
  return groups.length >= 3 && groups.length <= 7 && groups.some((group) => group.length > 1 && /\d/.test(group));
}
