import { injectionPhrase } from "../src/domain/detectors/injection-phrase.ts";
import { calibrated } from "../src/domain/model/calibration.ts";
import { combinedScore, isDoubtful } from "../src/domain/model/combined-score.ts";
import { HEADS } from "../src/domain/model/linear-model.ts";
import { TextView } from "../src/domain/text-view.ts";
import type { Stage } from "../src/domain/verdict.ts";
import type { LabelledText } from "../training/training-data.ts";
import { areaUnderCurve, bootstrap, recallAbove, type Scored, thresholdAt } from "./statistics.ts";
import { interval, percent, table } from "./table.ts";

const SHARES = [0.001, 0.01, 0.05];

interface Sourced extends Scored {
  readonly source: string;
}

type Logits = readonly (readonly number[] | undefined)[];
type Calibration = readonly (readonly number[])[];

/** Recall of injections at fixed shares of false positives: by source and in all, model alone and with the rules. */
export function injectionSection(texts: readonly LabelledText[], logits: Logits, calibration: Calibration): string[] {
  const sections = ["## Prompt injections"];
  for (const [head, stage] of [
    ["injection_user", "input"],
    ["injection_untrusted", "retrieved"],
  ] as const) {
    const index = HEADS.indexOf(head);
    const model: Sourced[] = [];
    const together: Sourced[] = [];
    for (const [place, { source, text, targets }] of texts.entries()) {
      const logit = logits[place]?.[index];
      if (logit === undefined || (targets[index] as number) < 0) continue;
      const isPositive = targets[index] === 1;
      const score = calibrated(logit, calibration[index] ?? []);
      model.push({ source, isPositive, score: logit });
      together.push({ source, isPositive, score: withRules(text, score, stage) });
    }
    sections.push(
      `### ${stage === "input" ? "In what users write" : "In untrusted text"}`,
      overall(model, together),
      bySource(together),
    );
  }
  return sections;
}

// What blocks is either detector: the rules alone where they are sure, the model, or both together.
function withRules(text: string, score: number, stage: Stage): number {
  let rule = 0;
  injectionPhrase.find(new TextView(text), (match) => (rule = Math.max(rule, match.score)), stage);
  return Math.max(rule, isDoubtful(score) ? combinedScore(score, rule) : score);
}

function overall(model: readonly Sourced[], together: readonly Sourced[]): string {
  const row = (name: string, scored: readonly Sourced[]) => [
    name,
    ...SHARES.map((share) => interval(bootstrap(scored, (drawn) => recallAbove(thresholdAt(share, drawn), drawn)))),
    areaUnderCurve(scored).toFixed(3),
  ];
  const rows = [row("model", model), row("model and rules", together)];
  return table(["all sources left out", "recall at 0.1 % false positives", "at 1 %", "at 5 %", "AUC"], rows);
}

function bySource(scored: readonly Sourced[]): string {
  const thresholds = SHARES.map((share) => thresholdAt(share, scored));
  const rows = [...Map.groupBy(scored, ({ source }) => source)].map(([source, own]) => {
    const positives = own.filter(({ isPositive }) => isPositive);
    const isAttack = positives.length > 0;
    const counted = isAttack ? positives : own;
    const shares = thresholds.map(
      (threshold) => counted.filter(({ score }) => score > threshold).length / counted.length,
    );
    return [source, isAttack ? "recall" : "false positives", String(counted.length), ...shares.map(percent)];
  });
  rows.sort((a, b) => (b[1] ?? "").localeCompare(a[1] ?? "") || (a[0] ?? "").localeCompare(b[0] ?? ""));
  return table(["source left out", "", "texts", "at the threshold of 0.1 %", "of 1 %", "of 5 %"], rows);
}
