// biome-ignore-all lint/suspicious/noConsole: a script for people
/**
 * Measures the guardrail on sources that its model did not see and writes `docs/guardrail-report.md`:
 * `npm run eval:guardrail [-- data folder]`. A few minutes on one core.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { calibrate } from "../training/calibrate.ts";
import { leaveSourcesOut } from "../training/folds.ts";
import { TRAINING } from "../training/train-model.ts";
import { allTexts, dataFolder, dataHash, examplesOf } from "../training/training-data.ts";
import { contentSection } from "./content-section.ts";
import { costSection } from "./cost-section.ts";
import { injectionSection } from "./injection-section.ts";
import { LIMITS } from "./limits.ts";
import { personalDataSection } from "./personal-data-section.ts";

const folder = dataFolder(process.argv[2]);
const texts = allTexts(folder, TRAINING.seed);
const logits = leaveSourcesOut(texts, examplesOf(texts));
const calibration = calibrate(texts, logits);

const report = [
  "# What the guardrail finds, measured",
  "Written by `npm run eval:guardrail`; every figure comes from that run. Texts of a source are scored by a model that saw neither " +
    `this source nor its siblings. Data: SHA-256 ${dataHash(folder).slice(0, 16)}, seed ${TRAINING.seed}. Intervals are 95 %, by bootstrap over texts.`,
  ...injectionSection(texts, logits, calibration),
  ...contentSection(texts, logits),
  ...(await personalDataSection(folder)),
  ...(await costSection()),
  LIMITS,
].join("\n\n");
writeFileSync(join(import.meta.dirname, "../../../docs/guardrail-report.md"), `${report}\n`);
console.log(report);
