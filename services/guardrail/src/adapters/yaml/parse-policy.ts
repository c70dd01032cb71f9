import { createHash } from "node:crypto";
import { parseDocument } from "yaml";
import type { Detector } from "../../domain/detector.ts";
import { detectors } from "../../domain/detectors/index.ts";
import { TRANSFORMS, type Transform } from "../../domain/finding.ts";
import { outputDetectors } from "../../domain/output/index.ts";
import type { PolicyDefinition, PolicyRule, Refusal } from "../../domain/policy.ts";
import { type Action, type RuleAction, STAGES, type Stage } from "../../domain/verdict.ts";
import { FieldReader, type Fields } from "./field-reader.ts";
import { nearest } from "./nearest.ts";
import { readOptions } from "./parse-options.ts";
import { NAME, readPatternDetector } from "./parse-pattern.ts";

const ACTIONS = ["flag", "redact", ...TRANSFORMS, "cut", "retry", "block"] as const satisfies readonly RuleAction[];
const MOST_RULES = 256;
const FIELDS = [
  "name",
  "description",
  "max_characters",
  "rules",
  "patterns",
  "options",
  "whole",
  "on_failure",
  "shadow",
  "appeal",
];
const WHAT_TO_DO = ["stages", "action", "threshold", "shadow", "refusal"];

/** A policy, or all that is wrong with its text. */
export interface ParsedPolicy {
  readonly definition: PolicyDefinition | undefined;
  readonly problems: readonly string[];
}

/** Reads one policy from YAML. Never throws; never repeats the text. */
export function parsePolicy(text: string): ParsedPolicy {
  const document = parseDocument(text, { prettyErrors: false });
  if (document.errors.length > 0) {
    return {
      definition: undefined,
      problems: document.errors.map(({ code, pos }) => `not valid YAML: ${code} at character ${pos[0]}`),
    };
  }
  const reader = new FieldReader(plainOf(document));
  const definition = readPolicy(reader, text);
  return reader.problems.length > 0
    ? { definition: undefined, problems: reader.problems }
    : { definition, problems: [] };
}

// Aliases that multiply are refused by the library.
function plainOf(document: ReturnType<typeof parseDocument>): unknown {
  try {
    return document.toJS({ maxAliasCount: 10 });
  } catch {
    return undefined;
  }
}

function readPolicy(reader: FieldReader, text: string): PolicyDefinition {
  const root = reader.fields("", FIELDS);
  const name = reader.text(root, "name", NAME);
  const description = reader.text(root, "description", { fallback: "" });
  const appeal = reader.text(root, "appeal", { fallback: "", pattern: /^.{1,500}$/, help: "1 to 500 characters" });
  const maxCharacters = readLimits(reader, root);
  const own = outputDetectors(readOptions(reader, root));
  const shadow = reader.flag(root, "shadow");
  const rules = reader.list(root, "rules").flatMap((entry) => readRule(reader, entry, [...detectors, ...own]));
  const patterns = reader.list(root, "patterns").map((entry) => readPattern(reader, entry));
  const names = patterns.map(({ detector }) => detector.name);
  for (const twice of new Set(names.filter((one, index) => names.indexOf(one) !== index))) {
    reader.problems.push(`patterns: ${twice} is declared twice`);
  }
  const whole = reader.choice(root, "whole", ["buffer", "retract"], "buffer");
  const onFailure = reader.choice(root, "on_failure", ["closed", "open"], "closed");
  const all = [...rules, ...patterns].map((rule) => (shadow ? { ...rule, shadow } : rule));
  if (all.length > MOST_RULES) reader.problems.push(`rules: at most ${MOST_RULES} detectors and patterns in all rules`);
  if (whole === "retract") refuseRetractedRedactions(reader, all);
  const version = createHash("sha256").update(text).digest("hex").slice(0, 12);
  const rest = appeal === "" ? {} : { appeal };
  return { name, version, description, maxCharacters, rules: all, whole, onFailure, ...rest };
}

function readLimits(reader: FieldReader, root: Fields): Partial<Record<Stage, number>> {
  const limits: Partial<Record<Stage, number>> = {};
  const given = reader.nested(root, "max_characters", STAGES);
  for (const stage of STAGES) {
    if (given.values[stage] !== undefined)
      limits[stage] = reader.number(given, stage, { min: 1, max: 1_000_000_000, fallback: 1 });
  }
  return limits;
}

function readRule(reader: FieldReader, entry: Fields, known: readonly Detector[]): PolicyRule[] {
  reader.allow(entry, ["detectors", ...WHAT_TO_DO]);
  const patterns = reader.texts(entry, "detectors");
  const named = patterns.flatMap((pattern, index) => {
    const matching = detectorsNamed(pattern, known);
    if (matching.length === 0)
      reader.problems.push(unknownDetector(`${entry.path}.detectors[${index}]`, pattern, known));
    return matching;
  });
  const rest = readWhatToDo(reader, entry);
  return [...new Set(named)].map((detector) => ({ detector, ...rest }));
}

function unknownDetector(path: string, given: string, known: readonly Detector[]): string {
  const names = known.map(({ name }) => name);
  const closest = nearest(given, names);
  const hint = closest === undefined ? "" : `; did you mean "${closest}"?`;
  return `${path}: no detector has this name${hint === "" ? ";" : `${hint}`} known are: ${names.join(", ")}`;
}

function detectorsNamed(pattern: string, known: readonly Detector[]): readonly Detector[] {
  if (!pattern.endsWith(".*")) return known.filter(({ name }) => name === pattern);
  return known.filter(({ name }) => name.startsWith(pattern.slice(0, -1)));
}

function readWhatToDo(reader: FieldReader, entry: Fields): Omit<PolicyRule, "detector"> {
  const action = reader.choice(entry, "action", ACTIONS);
  const refusal = readRefusal(reader, entry);
  return {
    id: entry.path,
    stages: reader.choices(entry, "stages", STAGES),
    action: effectOf(action),
    threshold: reader.number(entry, "threshold", { min: 0, max: 1, fallback: 0.5 }),
    ...(isTransform(action) ? { transform: action } : {}),
    ...(action === "cut" ? { cuts: true } : {}),
    ...(action === "retry" ? { retries: true } : {}),
    ...(reader.flag(entry, "shadow") ? { shadow: true } : {}),
    ...(refusal === undefined ? {} : { refusal }),
  };
}

// What a cut leaves over is a changed text. What the model is asked to write again does not pass.
function effectOf(action: RuleAction): Action {
  if (action === "retry") return "block";
  return action === "cut" || isTransform(action) ? "redact" : action;
}

function isTransform(action: RuleAction): action is Transform {
  return TRANSFORMS.some((transform) => transform === action);
}

function readRefusal(reader: FieldReader, entry: Fields): Refusal | undefined {
  if (entry.values.refusal === undefined) return undefined;
  const given = reader.nested(entry, "refusal", ["reason", "alternative"]);
  const sentence = { pattern: /^.{1,500}$/, help: "1 to 500 characters on one line", fallback: "" };
  return { reason: reader.text(given, "reason", sentence), alternative: reader.text(given, "alternative", sentence) };
}

function readPattern(reader: FieldReader, entry: Fields): PolicyRule {
  reader.allow(entry, ["name", "pattern", "max_length", "explanation", ...WHAT_TO_DO]);
  return { detector: readPatternDetector(reader, entry), ...readWhatToDo(reader, entry) };
}

// What was released cannot be changed afterwards.
function refuseRetractedRedactions(reader: FieldReader, rules: readonly PolicyRule[]): void {
  for (const { detector, action, id, shadow } of rules) {
    if (detector.extent.kind !== "whole" || action !== "redact" || shadow === true) continue;
    reader.problems.push(`${id}: "${detector.name}" judges whole texts; with whole: retract it can flag or block`);
  }
}
