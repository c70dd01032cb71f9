import { readFileSync } from "node:fs";
import { calibrated } from "./calibration.ts";
import { foldText } from "./fold-text.ts";
import { HEADS, type Head, LinearModel } from "./linear-model.ts";

/** The judgement of one head over one text. */
export interface ModelScore {
  /** 0 to 1; 0.8 is reached by one in a hundred harmless texts of unseen sources, 0.95 by one in a thousand. */
  readonly score: number;
  /** The worst window, in the text that was given. */
  readonly start: number;
  readonly end: number;
}

/** What the bundled model says about a text, by head. */
export type ModelScores = Readonly<Record<Head, ModelScore>>;

interface Manifest {
  readonly heads: readonly { name: string; scale: number; bias: number; calibration: readonly number[] }[];
}

interface Bundled {
  readonly model: LinearModel;
  readonly calibration: readonly (readonly number[])[];
}

let bundled: Bundled | undefined;

/**
 * Scores a text with the model that ships with the service, read from its files at the first call. Linear in the length.
 * @throws when the model's files are missing or are not of this version
 */
export function scoreText(text: string): ModelScores {
  bundled ??= readModel();
  const { model, calibration } = bundled;
  const folded = foldText(text);
  // Folding can change the length of a text; then a place in it is only near.
  const stretch = folded.length === 0 ? 1 : text.length / folded.length;
  const scores = {} as Record<Head, ModelScore>;
  for (const [index, { logit, start, end }] of model.score(folded).entries()) {
    scores[HEADS[index] as Head] = {
      score: calibrated(logit, calibration[index] ?? []),
      start: Math.floor(start * stretch),
      end: Math.min(text.length, Math.ceil(end * stretch)),
    };
  }
  return scores;
}

function readModel(): Bundled {
  const folder = new URL("../../../models/", import.meta.url);
  const { heads } = JSON.parse(readFileSync(new URL("guardrail-model.json", folder), "utf8")) as Manifest;
  if (heads.map(({ name }) => name).join() !== HEADS.join()) throw new Error("the guardrail's model has other heads");
  const bytes = readFileSync(new URL("guardrail-model.bin", folder));
  const weights = new Int16Array(bytes.length / 2);
  for (let i = 0; i < weights.length; i++) weights[i] = bytes.readInt16LE(i * 2);
  const model = new LinearModel({
    weights,
    scales: Float64Array.from(heads, ({ scale }) => scale),
    biases: Float64Array.from(heads, ({ bias }) => bias),
  });
  return { model, calibration: heads.map(({ calibration }) => calibration) };
}
