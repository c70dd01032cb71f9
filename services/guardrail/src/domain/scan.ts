import type { Detector } from "./detector.ts";
import type { Finding, Match } from "./finding.ts";
import type { OutputContext } from "./output-context.ts";
import { type ActiveDetector, decisionOn, type FailureMode, type Policy, wholeDetectors } from "./policy.ts";
import { TextView } from "./text-view.ts";
import { type Stage, strictness } from "./verdict.ts";

const NONE: readonly Finding[] = [];

/** Everything a policy's detectors find in a text that a rule cares about, in order of start. */
export function scan(
  view: TextView,
  active: readonly ActiveDetector[],
  stage: Stage,
  { onFailure = "closed", context }: { onFailure?: FailureMode | undefined; context?: OutputContext | undefined } = {},
): readonly Finding[] {
  let findings: Finding[] | undefined;
  for (const { detector, rules } of active) {
    const report = (match: Match) => {
      const decision = decisionOn(rules, match);
      if (decision === undefined) return;
      findings ??= [];
      findings.push(findingOf(detector, match, decision));
    };
    try {
      detector.find(view, report, stage, context);
    } catch {
      findings ??= [];
      findings.push(failureOf(detector, view, onFailure));
    }
  }
  if (findings === undefined) return NONE;
  if (findings.length > 1) findings.sort(byStart);
  return untilCut(findings.length === 1 ? findings : withoutContained(findings));
}

/**
 * The findings of a whole text: those of spans, and those of the detectors that judge it as a whole.
 * @param spans what `scan` found, offsets from the start of the text
 */
export function withWhole(
  policy: Policy,
  { stage, text, context }: { stage: Stage; text: string; context?: OutputContext | undefined },
  spans: readonly Finding[],
): readonly Finding[] {
  const detectors = wholeDetectors(policy, stage);
  if (detectors.length === 0) return spans;
  const found = scan(new TextView(text), detectors, stage, { onFailure: policy.onFailure, context });
  return found.length === 0 ? spans : untilCut(withoutContained([...spans, ...found].sort(byStart)));
}

/** Where the first undecided finding could start: what lies before it can be judged for good. */
export function undecidedFrom(view: TextView, active: readonly ActiveDetector[]): number {
  let lowest = view.text.length;
  for (const { detector } of active) lowest = Math.min(lowest, detector.undecidedFrom(view));
  return Math.max(view.from, lowest);
}

function findingOf(
  detector: Detector,
  match: Match,
  { rule, action, shadow }: NonNullable<ReturnType<typeof decisionOn>>,
): Finding {
  const { name, category, replacement } = detector;
  return {
    ...match,
    detector: name,
    category,
    replacement,
    action,
    rule: rule.id ?? "",
    ...(shadow === undefined ? {} : { shadow }),
    ...(rule.transform !== undefined && action === "redact" ? { transform: rule.transform } : {}),
    ...(rule.cuts === true && action === "redact" ? { cuts: true } : {}),
  };
}

// A text that a detector could not read has not been checked.
function failureOf(detector: Detector, { from, text }: TextView, onFailure: FailureMode): Finding {
  return {
    detector: detector.name,
    category: detector.category,
    start: from,
    end: text.length,
    score: 1,
    explanation: "The check failed, so nothing is known about this text.",
    action: onFailure === "closed" ? "block" : "flag",
    replacement: "",
  };
}

function byStart(a: Finding, b: Finding): number {
  return a.start - b.start || b.end - a.end || strictness[b.action] - strictness[a.action] || b.score - a.score;
}

// What stands behind a cut is not there any more, so nothing is said about it.
function untilCut(sorted: readonly Finding[]): readonly Finding[] {
  const cut = sorted.find(({ cuts }) => cuts === true);
  return cut === undefined ? sorted : sorted.filter(({ start }) => start <= cut.start);
}

// A telephone number inside a card number is no finding of its own, unless more would be done about it.
function withoutContained(sorted: readonly Finding[]): readonly Finding[] {
  const kept: Finding[] = [];
  let open: Finding[] = [];
  for (const finding of sorted) {
    if (open.length > 0) open = open.filter((other) => other.end > finding.start);
    if (open.some((other) => contains(other, finding))) continue;
    kept.push(finding);
    open.push(finding);
  }
  return kept;
}

function contains(outer: Finding, inner: Finding): boolean {
  if (outer.end < inner.end || strictness[outer.action] < strictness[inner.action] || inner.shadow !== undefined)
    return false;
  return outer.category === inner.category || (outer.category === "secret" && inner.category === "pii");
}
