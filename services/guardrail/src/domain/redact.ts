import type { Finding } from "./finding.ts";
import type { Transformer } from "./transform.ts";

/** The part of a text that is wanted, and what writes masks and hashes. */
export interface Redaction {
  readonly from: number;
  readonly to: number;
  readonly transformer?: Transformer | undefined;
}

/**
 * The text with every finding that is to be redacted replaced. Findings that overlap become one replacement, named
 * after the one with the highest score, the longer one among equals. The text ends at a finding that cuts it.
 * @param findings in order of start, offsets relative to `text`
 * @param range the part of the text that is wanted; no finding to be redacted crosses its ends
 */
export function redact(text: string, findings: readonly Finding[], { from, to, transformer }: Redaction): string {
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
    result += text.slice(position, first.start) + replacementFor(name, text.slice(first.start, end), transformer);
    if (isCut) return result;
    position = end;
  }
  return result + text.slice(position, to);
}

// Where nobody can transform, nothing of the value is left.
function replacementFor(finding: Finding, value: string, transformer: Transformer | undefined): string {
  if (finding.transform === undefined || transformer === undefined) return finding.replacement;
  return transformer.transform(finding, value);
}

function betterName(a: Finding, b: Finding): Finding {
  if (a.score !== b.score) return a.score > b.score ? a : b;
  return b.end - b.start > a.end - a.start ? b : a;
}
