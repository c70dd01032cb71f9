import { randomFrom } from "../training/random.ts";

/** A score and whether the text is what the score looks for. */
export interface Scored {
  readonly score: number;
  readonly isPositive: boolean;
}

/** An estimate with its 95 % interval. */
export interface Estimate {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

const ROUNDS = 200;

/** The score that a share of the negatives exceeds. */
export function thresholdAt(share: number, scored: readonly Scored[]): number {
  const negatives = scored.filter(({ isPositive }) => !isPositive).map(({ score }) => score);
  negatives.sort((a, b) => b - a);
  return negatives[Math.floor(share * negatives.length)] ?? Number.NEGATIVE_INFINITY;
}

/** Share of the positives above a threshold. */
export function recallAbove(threshold: number, scored: readonly Scored[]): number {
  const positives = scored.filter(({ isPositive }) => isPositive);
  return positives.filter(({ score }) => score > threshold).length / positives.length;
}

/** Area under the ROC curve; ties count half. */
export function areaUnderCurve(scored: readonly Scored[]): number {
  const sorted = scored.toSorted((a, b) => a.score - b.score);
  let ranks = 0;
  let positives = 0;
  for (let i = 0; i < sorted.length; ) {
    let end = i;
    while (end < sorted.length && sorted[end]?.score === sorted[i]?.score) end++;
    for (let k = i; k < end; k++) {
      if (!sorted[k]?.isPositive) continue;
      positives++;
      ranks += (i + end + 1) / 2;
    }
    i = end;
  }
  const negatives = scored.length - positives;
  return (ranks - (positives * (positives + 1)) / 2) / (positives * negatives);
}

/** The best F1 over all thresholds, and where it is reached. */
export function bestF1(scored: readonly Scored[]): { readonly f1: number; readonly threshold: number } {
  const sorted = scored.toSorted((a, b) => b.score - a.score);
  const positives = scored.filter(({ isPositive }) => isPositive).length;
  let found = 0;
  let best = { f1: 0, threshold: Number.POSITIVE_INFINITY };
  for (const [index, { score, isPositive }] of sorted.entries()) {
    if (isPositive) found++;
    if (sorted[index + 1]?.score === score) continue;
    const f1 = (2 * found) / (index + 1 + positives);
    if (f1 > best.f1) best = { f1, threshold: score };
  }
  return best;
}

/** An interval by drawing the texts again, with replacement. */
export function bootstrap(scored: readonly Scored[], measure: (drawn: readonly Scored[]) => number): Estimate {
  const random = randomFrom(7);
  const values: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    values.push(measure(scored.map(() => random.pick(scored))));
  }
  values.sort((a, b) => a - b);
  return {
    value: measure(scored),
    low: values[Math.floor(ROUNDS * 0.025)] ?? 0,
    high: values[Math.floor(ROUNDS * 0.975)] ?? 0,
  };
}
