/** How much a rule adds to what the model leaves open. */
const RULE_WEIGHT = 0.5;

/** Whether rules should be asked: the model is neither sure nor without any suspicion. */
export function isDoubtful(modelScore: number): boolean {
  return modelScore >= 0.2 && modelScore < 0.95;
}

/** One score from the model's and that of the strongest rule: two hints together are stronger than each (noisy or). */
export function combinedScore(modelScore: number, ruleScore: number): number {
  return 1 - (1 - modelScore) * (1 - RULE_WEIGHT * ruleScore);
}
