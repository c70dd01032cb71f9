// biome-ignore-all lint/suspicious/noConsole: a script for people
/**
 * Trains the guardrail's model and writes it with its manifest: `npm run train:guardrail [-- data folder]`. The same data and
 * seed give the same files, byte for byte. About a minute on one core.
 */
import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { BUCKET_BITS } from "../src/domain/model/features.ts";
import { HEADS } from "../src/domain/model/linear-model.ts";
import { calibrate } from "./calibrate.ts";
import { leaveSourcesOut } from "./folds.ts";
import { TRAINING, trainModel } from "./train-model.ts";
import { allTexts, dataFolder, dataHash, examplesOf } from "./training-data.ts";

const started = performance.now();
const folder = dataFolder(process.argv[2]);
const texts = allTexts(folder, TRAINING.seed);
const examples = examplesOf(texts);
const logits = leaveSourcesOut(texts, examples);
const points = calibrate(texts, logits);
const { weights, scales, biases } = trainModel(examples);

const bytes = Buffer.from(weights.buffer, weights.byteOffset, weights.byteLength);
const sources: Record<string, number> = {};
for (const { source } of texts) sources[source] = (sources[source] ?? 0) + 1;
const manifest = {
  version: 1,
  description: "Linear model over hashed words, pairs of words, character n-grams and classes of words.",
  trainedBy: "npm run train:guardrail",
  options: TRAINING,
  data: { sha256: dataHash(folder), texts: sources },
  bucketBits: BUCKET_BITS,
  weightsSha256: createHash("sha256").update(bytes).digest("hex"),
  heads: HEADS.map((name, head) => ({ name, scale: scales[head], bias: biases[head], calibration: points[head] })),
};
const target = join(import.meta.dirname, "../models");
mkdirSync(target, { recursive: true });
writeFileSync(join(target, "guardrail-model.bin"), bytes);
writeFileSync(join(target, "guardrail-model.json"), `${JSON.stringify(manifest, undefined, 2)}\n`);
console.log(
  `${texts.length} texts, ${(bytes.length / 1e6).toFixed(2)} MB, ${((performance.now() - started) / 1000).toFixed(0)} s`,
);
