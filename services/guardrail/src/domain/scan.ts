import type { Finding } from "./finding.ts";
import { type ActiveDetector, actionFor } from "./policy.ts";
import type { TextView } from "./text-view.ts";
import { type Stage, strictness } from "./verdict.ts";

const NONE: readonly Finding[] = [];

/** Everything a policy's detectors find in a text that a rule cares about, in order of start. */
export function scan(view: TextView, active: readonly ActiveDetector[], stage: Stage): readonly Finding[] {
  let findings: Finding[] | undefined;
  for (const { detector, rules } of active) {
    detector.find(
      view,
      (match) => {
        const action = actionFor(rules, match);
        if (action === undefined) return;
        findings ??= [];
        findings.push({
          ...match,
          detector: detector.name,
          category: detector.category,
          replacement: detector.replacement,
          action,
        });
      },
      stage,
    );
  }
  if (findings === undefined) return NONE;
  return findings.length === 1 ? findings : withoutContained(findings.sort(byStart));
}

/** Where the first undecided finding could start: what lies before it can be judged for good. */
export function undecidedFrom(view: TextView, active: readonly ActiveDetector[]): number {
  let lowest = view.text.length;
  for (const { detector } of active) lowest = Math.min(lowest, detector.undecidedFrom(view));
  return Math.max(view.from, lowest);
}

function byStart(a: Finding, b: Finding): number {
  return a.start - b.start || b.end - a.end || strictness[b.action] - strictness[a.action] || b.score - a.score;
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
  if (outer.end < inner.end || strictness[outer.action] < strictness[inner.action]) return false;
  return outer.category === inner.category || (outer.category === "secret" && inner.category === "pii");
}
