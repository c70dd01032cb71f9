import { ADDRESS, DIGIT, hasClass, hasClassAt, LETTER, trailingRun, WORD } from "../characters.ts";
import { type Detector, span } from "../detector.ts";
import type { Match } from "../finding.ts";

/** RFC 5321, 4.5.3.1: local part 64, domain 255. */
const LONGEST_LOCAL = 64;
const LONGEST_DOMAIN = 255;
const LONGEST = LONGEST_LOCAL + LONGEST_DOMAIN + 2;
const DOMAIN = /(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.){1,8}[A-Za-z][A-Za-z0-9-]{0,61}[A-Za-z0-9]/y;
// "logo@2x.png" and its like.
const FILE_ENDING = /\.(?:png|jpe?g|gif|svg|webp|ico|css|js|ts|json|html|map)$/i;

/** E-mail addresses. */
export const email: Detector = {
  name: "pii.email",
  category: "pii",
  replacement: "[EMAIL_REDACTED]",
  extent: span(LONGEST),
  find({ text, from }, report) {
    let free = from;
    for (let at = text.indexOf("@", from); at >= 0; at = text.indexOf("@", at + 1)) {
      const match = addressAround(text, at, free);
      if (match === undefined) continue;
      report(match);
      free = match.end;
    }
  },
  undecidedFrom: ({ text, from }) => trailingRun(text, ADDRESS, { floor: from, limit: LONGEST }),
};

function addressAround(text: string, at: number, floor: number): Match | undefined {
  const lowest = Math.max(floor, at - LONGEST_LOCAL);
  let start = at;
  while (start > lowest && isLocal(text.charCodeAt(start - 1))) start--;
  while (start < at && !hasClassAt(text, start, WORD)) start++;
  if (start === at || text.charAt(at - 1) === ".") return undefined;
  DOMAIN.lastIndex = at + 1;
  if (!DOMAIN.test(text)) return undefined;
  const end = DOMAIN.lastIndex;
  if (end - at > LONGEST_DOMAIN + 1 || hasClassAt(text, end, DIGIT | LETTER) || !hasClassAt(text, end - 1, LETTER))
    return undefined;
  if (FILE_ENDING.test(text.slice(at, end))) return undefined;
  // An SSH address names a server, not a person: git@host:path.
  if (text.charAt(end) === ":" && text.slice(start, at) === "git") return undefined;
  return { start, end, score: 0.97, explanation: "An e-mail address." };
}

function isLocal(code: number): boolean {
  return code !== 64 && hasClass(code, ADDRESS);
}
