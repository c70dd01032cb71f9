import { CALIBRATION_POINTS } from "../src/domain/model/calibration.ts";
import { HEADS } from "../src/domain/model/linear-model.ts";
import type { LabelledText } from "./training-data.ts";

/**
 * For each head the logits that given shares of harmless texts of unseen sources exceed (see `CALIBRATION_POINTS`): scores
 * then mean the same for every head, namely how rare such a score is among harmless texts.
 */
export function calibrate(
  texts: readonly LabelledText[],
  logits: readonly (readonly number[] | undefined)[],
): readonly (readonly number[])[] {
  return HEADS.map((_, head) => {
    const harmless: number[] = [];
    for (const [index, { targets }] of texts.entries()) {
      const logit = logits[index]?.[head];
      if (logit !== undefined && targets[head] === 0) harmless.push(logit);
    }
    harmless.sort((a, b) => b - a);
    return CALIBRATION_POINTS.map(({ share }) => harmless[Math.floor(share * harmless.length)] ?? 0);
  });
}
