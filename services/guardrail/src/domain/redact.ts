import type { Finding } from "./finding.ts";

/**
 * The text with every finding that is to be redacted replaced. Findings that overlap become one replacement, named
 * after the one with the highest score, the longer one among equals. The text ends at a finding that cuts it.
 * @param findings in order of start, offsets relative to `text`
 * @param range the part of the text that is wanted; no finding to be redacted crosses its ends
 */
export function redact(text: string, findings: readonly Finding[], { from, to }: { from: number; to: number }): string {
  let result = "";
  let position = from;
  for (let i = 0; i < findings.length; ) {
    const first = findings[i] as Finding;
    if (first.start >= to) break;
    i++;
    if (first.action !== "redact") continue;
    if (first.cuts === true) return result + text.slice(position, first.start);
    let name = first;
    let end = first.end;
    let isCut = false;
    for (; i < findings.length && (findings[i] as Finding).start < end; i++) {
      const next = findings[i] as Finding;
      if (next.action !== "redact") continue;
      isCut ||= next.cuts === true;
      end = Math.max(end, next.end);
      name = betterName(name, next);
    }
    result += text.slice(position, first.start) + name.replacement;
    if (isCut) return result;
    position = end;
  }
  return result + text.slice(position, to);
}

function betterName(a: Finding, b: Finding): Finding {
  if (a.score !== b.score) return a.score > b.score ? a : b;
  return b.end - b.start > a.end - a.start ? b : a;
}
