import { setImmediate } from "node:timers/promises";
import type { Finding } from "./finding.ts";
import { lengthFinding } from "./length-limit.ts";
import type { OutputContext } from "./output-context.ts";
import type { Policy } from "./policy.ts";
import { redact } from "./redact.ts";
import { scan, withWhole } from "./scan.ts";
import { SpanStream } from "./span-stream.ts";
import { TextView } from "./text-view.ts";
import type { Transformer } from "./transform.ts";
import { type Stage, stricter, type Verdict } from "./verdict.ts";

/** A longer text is checked piece by piece, with other work in between: about a millisecond for each. */
export const PIECE = 32_768;

/** A text and the boundary it crosses. */
export interface Content {
  readonly stage: Stage;
  readonly text: string;
  /** What the text was made from; only looked at by detectors that judge whole texts. */
  readonly context?: OutputContext | undefined;
  /** Writes masks and hashes; undefined: what is masked or hashed is redacted. */
  readonly transformer?: Transformer | undefined;
}

/** What was found in one text. */
export interface CheckResult {
  readonly verdict: Verdict;
  /** For "redact" the text that may pass, otherwise "". */
  readonly redactedText: string;
  /** In order of start. For a text that is blocked, at least what blocked it. */
  readonly findings: readonly Finding[];
}

const CLEAN: CheckResult = { verdict: "allow", redactedText: "", findings: [] };

/** Whether `checkText` handles a text of this length in one go. */
export function isShort(text: string): boolean {
  return text.length <= PIECE;
}

/** Checks a short text as a whole. */
export function checkText(policy: Policy, content: Content): CheckResult {
  const { stage, text } = content;
  const tooLong = lengthFinding(policy, stage, text.length);
  if (tooLong !== undefined) return { verdict: "block", redactedText: "", findings: [tooLong] };
  const spans = scan(new TextView(text), policy.active[stage], stage, policy);
  const findings = withWhole(policy, content, spans);
  if (findings.length === 0) return CLEAN;
  const verdict = strictestOf(findings);
  const redactedText =
    verdict === "redact" ? redact(text, findings, { from: 0, to: text.length, transformer: content.transformer }) : "";
  return { verdict, redactedText, findings };
}

function strictestOf(findings: readonly Finding[]): Verdict {
  return findings.reduce<Verdict>((strictest, { action }) => stricter(strictest, action), "allow");
}

/** Checks a long text in pieces and lets the event loop turn between them; stops at what blocks it. */
export async function checkLongText(policy: Policy, content: Content): Promise<CheckResult> {
  const { stage, text } = content;
  const tooLong = lengthFinding(policy, stage, text.length);
  if (tooLong !== undefined) return { verdict: "block", redactedText: "", findings: [tooLong] };
  const checker = new SpanStream(policy, stage, content.transformer);
  const findings: Finding[] = [];
  let passed = "";
  for (let start = 0; start < text.length && checker.verdict !== "block"; start += PIECE) {
    if (start > 0) await setImmediate();
    const step = checker.push(text.slice(start, start + PIECE));
    passed += step.text;
    for (const finding of step.findings) findings.push(finding);
  }
  const last = checker.end();
  for (const finding of last.findings) findings.push(finding);
  if (checker.verdict === "block") return { verdict: "block", redactedText: "", findings };
  const all = withWhole(policy, content, findings);
  if (all === findings)
    return { verdict: checker.verdict, redactedText: checker.verdict === "redact" ? passed + last.text : "", findings };
  const verdict = strictestOf(all);
  const redactedText =
    verdict === "redact" ? redact(text, all, { from: 0, to: text.length, transformer: content.transformer }) : "";
  return { verdict, redactedText, findings: all };
}
