import { setImmediate } from "node:timers/promises";
import type { Finding } from "./finding.ts";
import { lengthFinding } from "./length-limit.ts";
import type { Policy } from "./policy.ts";
import { redact } from "./redact.ts";
import { scan } from "./scan.ts";
import { StreamChecker } from "./stream-checker.ts";
import { TextView } from "./text-view.ts";
import { type Stage, stricter, type Verdict } from "./verdict.ts";

/** A longer text is checked piece by piece, with other work in between: about a millisecond for each. */
export const PIECE = 32_768;

/** A text and the boundary it crosses. */
export interface Content {
  readonly stage: Stage;
  readonly text: string;
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
export function checkText(policy: Policy, { stage, text }: Content): CheckResult {
  const tooLong = lengthFinding(policy, stage, text.length);
  if (tooLong !== undefined) return { verdict: "block", redactedText: "", findings: [tooLong] };
  const findings = scan(new TextView(text), policy.active[stage], stage);
  if (findings.length === 0) return CLEAN;
  const verdict = findings.reduce<Verdict>((strictest, { action }) => stricter(strictest, action), "allow");
  const redactedText = verdict === "redact" ? redact(text, findings, { from: 0, to: text.length }) : "";
  return { verdict, redactedText, findings };
}

/** Checks a long text in pieces and lets the event loop turn between them; stops at what blocks it. */
export async function checkLongText(policy: Policy, { stage, text }: Content): Promise<CheckResult> {
  const tooLong = lengthFinding(policy, stage, text.length);
  if (tooLong !== undefined) return { verdict: "block", redactedText: "", findings: [tooLong] };
  const checker = new StreamChecker(policy, stage);
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
  const { verdict } = checker;
  return { verdict, redactedText: verdict === "redact" ? passed + last.text : "", findings };
}
