import type { Detector } from "./detector.ts";
import type { Match, Transform } from "./finding.ts";
import type { OutputContext } from "./output-context.ts";
import { type Action, STAGES, type Stage, strictness } from "./verdict.ts";

/** What a person is told instead of a text that was blocked. */
export interface Refusal {
  /** Why, in a sentence. */
  readonly reason: string;
  /** What they can do instead, in a sentence. */
  readonly alternative: string;
}

/** What a policy does about one detector at some stages. */
export interface PolicyRule {
  readonly detector: Detector;
  readonly stages: readonly Stage[];
  readonly action: Action;
  /** Findings with a lower score are ignored by this rule. */
  readonly threshold: number;
  /** Where it stands in the policy: "rules[2]". */
  readonly id?: string;
  /** Decide, count and log, but let pass. */
  readonly shadow?: boolean;
  /** The text ends where the finding begins. The action is then "redact". */
  readonly cuts?: boolean;
  readonly refusal?: Refusal;
  /** The model may be asked once more, with the refusal. The action is then "block". */
  readonly retries?: boolean;
  /** How a value is written that is redacted. The action is then "redact". */
  readonly transform?: Transform;
}

/** What becomes of a stream that a `whole` detector could still block. */
export type WholeMode =
  /** Nothing is released before the end. */
  | "buffer"
  /** What was released stands, the stream ends blocked. */
  | "retract";

/** What becomes of a text that could not be checked. */
export type FailureMode = "closed" | "open";

/** A policy as it was read and validated. */
export interface PolicyDefinition {
  readonly name: string;
  /** Changes whenever the content does. */
  readonly version: string;
  readonly description: string;
  /** The tenant whose calls it holds for; undefined: every tenant that has none of this name. */
  readonly tenant?: string;
  /** Most UTF-16 code units of one text by stage; a longer one is blocked. Stages without a limit are left out. */
  readonly maxCharacters: Readonly<Partial<Record<Stage, number>>>;
  readonly rules: readonly PolicyRule[];
  /** "buffer" when left out. */
  readonly whole?: WholeMode;
  /** "closed" when left out. */
  readonly onFailure?: FailureMode;
  /** Whom a person can ask to look at a verdict again. */
  readonly appeal?: string;
}

/** A detector that runs at a stage, with its rules, the strictest first. */
export interface ActiveDetector {
  readonly detector: Detector;
  readonly rules: readonly PolicyRule[];
}

/** A policy made ready for checks. */
export interface Policy extends PolicyDefinition {
  /** Detectors whose findings have a bounded length. */
  readonly active: Readonly<Record<Stage, readonly ActiveDetector[]>>;
  /** Detectors that judge whole texts. */
  readonly activeWhole?: Readonly<Record<Stage, readonly ActiveDetector[]>>;
  /** What checks of output want to know besides the text. */
  readonly wants?: readonly (keyof OutputContext)[];
}

/** Sorts a policy's rules by stage and detector, once, so that a check only walks lists. */
export function compilePolicy(definition: PolicyDefinition): Policy {
  const at = (kind: "span" | "whole") => (stage: Stage) =>
    activeAt(
      definition.rules.filter(({ detector }) => detector.extent.kind === kind),
      stage,
    );
  const wants = new Set(
    definition.rules.flatMap(({ detector, stages }) => (stages.includes("output") ? (detector.wants ?? []) : [])),
  );
  return { ...definition, active: byStage(at("span")), activeWhole: byStage(at("whole")), wants: [...wants] };
}

/** The detectors that judge whole texts at a stage. */
export function wholeDetectors(policy: Policy, stage: Stage): readonly ActiveDetector[] {
  return policy.activeWhole?.[stage] ?? NONE;
}

const NONE: readonly ActiveDetector[] = [];

function byStage<T>(at: (stage: Stage) => T): Record<Stage, T> {
  return Object.fromEntries(STAGES.map((stage) => [stage, at(stage)])) as Record<Stage, T>;
}

function activeAt(rules: readonly PolicyRule[], stage: Stage): ActiveDetector[] {
  const byDetector = Map.groupBy(
    rules.filter((rule) => rule.stages.includes(stage)),
    (rule) => rule.detector,
  );
  return [...byDetector].map(([detector, own]) => ({ detector, rules: own.toSorted(stricterFirst) }));
}

function stricterFirst(a: PolicyRule, b: PolicyRule): number {
  return strictness[b.action] - strictness[a.action] || Number(b.cuts ?? false) - Number(a.cuts ?? false);
}

/** What rules decide about a match. */
export interface Decision {
  readonly rule: PolicyRule;
  readonly action: Action;
  /** What a stricter rule in shadow mode would have done. */
  readonly shadow: Action | undefined;
}

/** The strictest rule whose threshold a match reaches decides; undefined: no rule cares. A shadow only flags. */
export function decisionOn(rules: readonly PolicyRule[], match: Match): Decision | undefined {
  let shadow: PolicyRule | undefined;
  for (const rule of rules) {
    if (match.score < rule.threshold) continue;
    if (rule.shadow === true) shadow ??= rule;
    else return { rule, action: rule.action, shadow: shadow?.action };
  }
  return shadow === undefined ? undefined : { rule: shadow, action: "flag", shadow: shadow.action };
}
