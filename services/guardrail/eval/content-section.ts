import { HEADS, INJECTION_HEADS } from "../src/domain/model/linear-model.ts";
import type { LabelledText } from "../training/training-data.ts";
import { areaUnderCurve, bestF1, bootstrap, recallAbove, type Scored, thresholdAt } from "./statistics.ts";
import { interval, percent, table } from "./table.ts";

/** Best F1, AUC and recall of each content category over all sources left out, and F1 by source. */
export function contentSection(
  texts: readonly LabelledText[],
  logits: readonly (readonly number[] | undefined)[],
): string[] {
  const overall: string[][] = [];
  const bySource: string[][] = [];
  for (const [index, head] of HEADS.entries()) {
    if (index < INJECTION_HEADS) continue;
    const scored: (Scored & { source: string })[] = [];
    for (const [place, { source, targets }] of texts.entries()) {
      const score = logits[place]?.[index];
      if (score === undefined || (targets[index] as number) < 0) continue;
      scored.push({ source, score, isPositive: targets[index] === 1 });
    }
    overall.push([
      head,
      String(scored.filter(({ isPositive }) => isPositive).length),
      interval(bootstrap(scored, (drawn) => bestF1(drawn).f1)),
      areaUnderCurve(scored).toFixed(3),
      ...[0.01, 0.05].map((share) => percent(recallAbove(thresholdAt(share, scored), scored))),
    ]);
    for (const [source, own] of Map.groupBy(scored, (entry) => entry.source)) {
      const positives = own.filter(({ isPositive }) => isPositive).length;
      if (positives < 10 || own.length - positives < 10) continue;
      bySource.push([
        head,
        source,
        `${positives} of ${own.length}`,
        interval(bootstrap(own, (drawn) => bestF1(drawn).f1)),
      ]);
    }
  }
  return [
    "## Content",
    "The model alone, without the rules for quotes, programs, games, medicine and news that lower scores in use. Sources differ in what " +
      "they call a category, so a threshold that fits one fits another badly: the figures by source show the best threshold for each.",
    table(["category", "positives", "best F1", "AUC", "recall at 1 % false positives", "at 5 %"], overall),
    table(["category", "source left out", "positives", "best F1"], bySource),
  ];
}
