import type { Detector } from "./detector.ts";
import type { Match } from "./finding.ts";
import { type Action, type Stage, strictness } from "./verdict.ts";

/** What a policy does about one detector at some stages. */
export interface PolicyRule {
  readonly detector: Detector;
  readonly stages: readonly Stage[];
  readonly action: Action;
  /** Findings with a lower score are ignored by this rule. */
  readonly threshold: number;
}

/** A policy as it was read and validated. */
export interface PolicyDefinition {
  readonly name: string;
  /** Changes whenever the content does. */
  readonly version: string;
  readonly description: string;
  /** Most UTF-16 code units of one text by stage; a longer one is blocked. Stages without a limit are left out. */
  readonly maxCharacters: Readonly<Partial<Record<Stage, number>>>;
  readonly rules: readonly PolicyRule[];
}

/** A detector that runs at a stage, with its rules, the strictest first. */
export interface ActiveDetector {
  readonly detector: Detector;
  readonly rules: readonly PolicyRule[];
}

/** A policy made ready for checks. */
export interface Policy extends PolicyDefinition {
  readonly active: Readonly<Record<Stage, readonly ActiveDetector[]>>;
}

/** Sorts a policy's rules by stage and detector, once, so that a check only walks lists. */
export function compilePolicy(definition: PolicyDefinition): Policy {
  const at = (stage: Stage) => activeAt(definition.rules, stage);
  const active = {
    input: at("input"),
    tool_arguments: at("tool_arguments"),
    tool_result: at("tool_result"),
    retrieved: at("retrieved"),
    output: at("output"),
  };
  return { ...definition, active };
}

function activeAt(rules: readonly PolicyRule[], stage: Stage): ActiveDetector[] {
  const byDetector = Map.groupBy(
    rules.filter((rule) => rule.stages.includes(stage)),
    (rule) => rule.detector,
  );
  return [...byDetector].map(([detector, own]) => ({
    detector,
    rules: own.toSorted((a, b) => strictness[b.action] - strictness[a.action]),
  }));
}

/** The strictest action whose threshold a match reaches; undefined: no rule cares. */
export function actionFor(rules: readonly PolicyRule[], match: Match): Action | undefined {
  for (const rule of rules) if (match.score >= rule.threshold) return rule.action;
  return undefined;
}
