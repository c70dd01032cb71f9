/** Scores by the share of harmless texts of unseen sources that reach them. */
export const CALIBRATION_POINTS = [
  { share: 0.2, score: 0.2 },
  { share: 0.05, score: 0.5 },
  { share: 0.01, score: 0.8 },
  { share: 0.001, score: 0.95 },
] as const;

/** How far below the first and above the last point scores reach 0 and 1, in log-odds. */
const TAIL = 4;

/** A score from 0 to 1 for a logit: linear between the logits of `CALIBRATION_POINTS`, which must not fall. */
export function calibrated(logit: number, points: readonly number[]): number {
  let lowerLogit = (points[0] ?? 0) - TAIL;
  let lowerScore = 0;
  for (const [index, { score }] of CALIBRATION_POINTS.entries()) {
    const upperLogit = points[index] ?? 0;
    if (logit < upperLogit) return between(logit, { lowerLogit, upperLogit, lowerScore, upperScore: score });
    lowerLogit = upperLogit;
    lowerScore = score;
  }
  return between(Math.min(logit, lowerLogit + TAIL), {
    lowerLogit,
    upperLogit: lowerLogit + TAIL,
    lowerScore,
    upperScore: 1,
  });
}

interface Segment {
  readonly lowerLogit: number;
  readonly upperLogit: number;
  readonly lowerScore: number;
  readonly upperScore: number;
}

function between(logit: number, { lowerLogit, upperLogit, lowerScore, upperScore }: Segment): number {
  if (logit <= lowerLogit) return lowerScore;
  return lowerScore + ((logit - lowerLogit) / (upperLogit - lowerLogit)) * (upperScore - lowerScore);
}
