import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { HEADS, INJECTION_HEADS } from "../src/domain/model/linear-model.ts";
import { safeTexts, unsafeTexts } from "./content-texts.ts";
import { type Example, windowsOf } from "./example.ts";
import { attacks } from "./injection-attacks.ts";
import { benignTriggers } from "./injection-benign.ts";
import { randomFrom } from "./random.ts";
import { expand, type Grammar, roughen } from "./templates.ts";

/** A row of the data set or of a grammar. */
export interface LabelledText {
  readonly source: string;
  readonly text: string;
  readonly targets: Int8Array;
}

interface Row {
  readonly source: string;
  readonly text: string;
  readonly label: number | readonly string[];
}

const CATEGORIES = HEADS.slice(2);
/** Labels that may or may not fall under a category: they say nothing about it. */
const UNCLEAR: Readonly<Record<string, readonly string[]>> = {
  other_unsafe: ["violence", "illegal_activities", "hate_speech", "self_harm", "harassment", "sexual_content"],
  toxic: ["hate_speech", "sexual_content", "violence", "self_harm"],
  offensive: ["sexual_content", "harassment", "hate_speech", "violence"],
  hate_speech: ["harassment", "violence"],
  violence: ["illegal_activities"],
  illegal_activities: ["violence"],
};

/** Harmless from a user; in a document or the result of a tool such orders would be suspicious. */
const INSTRUCTIONS = new Set(["prompts_chat", "self_instruct", "fastchat", "hh_harmless"]);

/** Some of its harmful questions come wrapped in a jailbreak, without saying which. */
const WRAPPED = new Set(["ailuminate"]);

/** Where the data set lies: an argument, `GUARDRAIL_DATA`, or `../shared/data/guardrail` beside the repository. */
export function dataFolder(argument?: string): string {
  const fallback = join(import.meta.dirname, "../../../../shared/data/guardrail");
  return resolve(argument ?? process.env.GUARDRAIL_DATA ?? fallback);
}

/** All texts: the data set's, then those that the grammars write. */
export function allTexts(folder: string, seed: number): readonly LabelledText[] {
  return [
    ...rowsOf(folder, "injection").map(injectionText),
    ...rowsOf(folder, "content").map(contentText),
    ...writtenTexts(seed),
  ];
}

/** Turns texts into what training takes. */
export function examplesOf(texts: readonly LabelledText[]): readonly Example[] {
  return texts.map(({ source, text, targets }) => ({ source, targets, windows: windowsOf(text) }));
}

/** SHA-256 over the files of the data set. */
export function dataHash(folder: string): string {
  const hash = createHash("sha256");
  for (const name of ["injection", "content"]) hash.update(readFileSync(join(folder, `${name}.jsonl`)));
  return hash.digest("hex");
}

function rowsOf(folder: string, name: string): readonly Row[] {
  const lines = readFileSync(join(folder, `${name}.jsonl`), "utf8")
    .trim()
    .split("\n");
  return lines.map((line) => JSON.parse(line) as Row);
}

function injectionText({ source, text, label }: Row): LabelledText {
  const targets = new Int8Array(HEADS.length).fill(-1);
  targets[0] = label === 1 ? 1 : 0;
  targets[1] = label === 0 && INSTRUCTIONS.has(source) ? -1 : (targets[0] as number);
  return { source, text, targets };
}

function contentText({ source, text, label }: Row): LabelledText {
  const labels = Array.isArray(label) ? (label as readonly string[]) : [];
  const targets = new Int8Array(HEADS.length);
  if (WRAPPED.has(source)) targets.fill(-1, 0, INJECTION_HEADS);
  if (INSTRUCTIONS.has(source)) targets[1] = -1;
  for (const [index, category] of CATEGORIES.entries()) {
    const isUnclear = labels.some((one) => UNCLEAR[one]?.includes(category));
    targets[index + 2] = labels.includes(category) ? 1 : isUnclear ? -1 : 0;
  }
  if (labels.includes("toxic")) targets[HEADS.indexOf("harassment")] = 1;
  return { source, text, targets };
}

/** The grammars' texts: `[grammar, start, how many, which heads are 1, which say nothing]`. */
function writtenTexts(seed: number): readonly LabelledText[] {
  const random = randomFrom(seed);
  const texts: LabelledText[] = [];
  const write = (grammar: Grammar, { start, count, source, ...labels }: Recipe) => {
    const seen = new Set<string>();
    for (let i = 0; i < count; i++) {
      const text = roughen(expand(grammar, start, random), random);
      if (seen.has(text)) continue;
      seen.add(text);
      texts.push({ source, text, targets: targetsOf(labels.positive ?? [], labels.unclear ?? []) });
    }
  };
  const both = ["injection_user", "injection_untrusted"];
  write(attacks, { start: "user", count: 3000, source: "grammar_attacks", positive: both, unclear: CATEGORIES });
  write(attacks, { start: "untrusted", count: 1500, source: "grammar_indirect", positive: both, unclear: CATEGORIES });
  write(benignTriggers, { start: "user", count: 4000, source: "grammar_benign", unclear: ["injection_untrusted"] });
  write(benignTriggers, { start: "untrusted", count: 1500, source: "grammar_documents" });
  write(safeTexts, { start: "any", count: 4000, source: "grammar_safe" });
  for (const category of CATEGORIES) {
    const related = CATEGORIES.filter((other) => other !== category && RELATED[category]?.includes(other));
    write(unsafeTexts, {
      start: category,
      count: 600,
      source: "grammar_unsafe",
      positive: [category],
      unclear: related,
    });
  }
  return texts;
}

const RELATED: Readonly<Record<string, readonly string[]>> = {
  violence: ["illegal_activities", "harassment"],
  hate_speech: ["harassment", "violence"],
  harassment: ["hate_speech", "violence"],
  illegal_activities: ["violence"],
  self_harm: ["violence", "harassment"],
  sexual_content: [],
};

interface Recipe {
  readonly start: string;
  readonly count: number;
  readonly source: string;
  readonly positive?: readonly string[];
  readonly unclear?: readonly string[];
}

function targetsOf(positive: readonly string[], unclear: readonly string[]): Int8Array {
  return Int8Array.from(HEADS, (head) => (positive.includes(head) ? 1 : unclear.includes(head) ? -1 : 0));
}
