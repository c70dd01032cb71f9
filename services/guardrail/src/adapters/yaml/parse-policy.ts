import { createHash } from "node:crypto";
import { RE2JS } from "re2js";
import { parseDocument } from "yaml";
import type { Detector } from "../../domain/detector.ts";
import { blockedPatternDetector, requiredLiteral } from "../../domain/detectors/blocked-pattern.ts";
import { detectors } from "../../domain/detectors/index.ts";
import type { PolicyDefinition, PolicyRule } from "../../domain/policy.ts";
import { type Action, STAGES, type Stage } from "../../domain/verdict.ts";
import { FieldReader, type Fields } from "./field-reader.ts";

const ACTIONS = ["flag", "redact", "block"] as const satisfies readonly Action[];
const NAME = /^[a-z0-9][a-z0-9._-]{0,63}$/;
const MAX_PATTERN_LENGTH = 1024;
/** More instructions than this make a pattern slow on every character. */
const MAX_PROGRAM = 2000;

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
  const reader = new FieldReader(document.toJS({ maxAliasCount: 10 }));
  const definition = readPolicy(reader, text);
  return reader.problems.length > 0
    ? { definition: undefined, problems: reader.problems }
    : { definition, problems: [] };
}

function readPolicy(reader: FieldReader, text: string): PolicyDefinition {
  const root = reader.fields("", ["name", "description", "max_characters", "rules", "patterns"]);
  const name = reader.text(root, "name", {
    pattern: NAME,
    help: "1 to 64 of a-z 0-9 . _ -, starting with a letter or digit",
  });
  const description = reader.text(root, "description", { fallback: "" });
  const maxCharacters = readLimits(reader, root);
  const rules = reader.list(root, "rules").flatMap((entry) => readRule(reader, entry));
  const patterns = reader.list(root, "patterns").map((entry) => readPattern(reader, entry));
  const names = patterns.map(({ detector }) => detector.name);
  for (const twice of new Set(names.filter((one, index) => names.indexOf(one) !== index))) {
    reader.problems.push(`patterns: ${twice} is declared twice`);
  }
  const version = createHash("sha256").update(text).digest("hex").slice(0, 12);
  return { name, version, description, maxCharacters, rules: [...rules, ...patterns] };
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

function readRule(reader: FieldReader, entry: Fields): PolicyRule[] {
  reader.allow(entry, ["detectors", "stages", "action", "threshold"]);
  const patterns = reader.texts(entry, "detectors");
  const named = patterns.flatMap((pattern, index) => {
    const matching = detectorsNamed(pattern);
    if (matching.length === 0) {
      const known = detectors.map(({ name }) => name).join(", ");
      reader.problems.push(`${entry.path}.detectors[${index}]: no detector has this name; known are: ${known}`);
    }
    return matching;
  });
  const rest = readWhatToDo(reader, entry);
  return [...new Set(named)].map((detector) => ({ detector, ...rest }));
}

function detectorsNamed(pattern: string): readonly Detector[] {
  if (!pattern.endsWith(".*")) return detectors.filter(({ name }) => name === pattern);
  return detectors.filter(({ name }) => name.startsWith(pattern.slice(0, -1)));
}

function readWhatToDo(reader: FieldReader, entry: Fields): Omit<PolicyRule, "detector"> {
  return {
    stages: reader.choices(entry, "stages", STAGES),
    action: reader.choice(entry, "action", ACTIONS),
    threshold: reader.number(entry, "threshold", { min: 0, max: 1, fallback: 0.5 }),
  };
}

function readPattern(reader: FieldReader, entry: Fields): PolicyRule {
  reader.allow(entry, ["name", "pattern", "stages", "action", "max_length", "explanation"]);
  const name = reader.text(entry, "name", {
    pattern: NAME,
    help: "1 to 64 of a-z 0-9 . _ -, starting with a letter or digit",
  });
  const source = reader.text(entry, "pattern", {
    pattern: new RegExp(`^[^]{1,${MAX_PATTERN_LENGTH}}$`),
    help: `1 to ${MAX_PATTERN_LENGTH} characters`,
  });
  const explanation = reader.text(entry, "explanation", { fallback: `Matches the pattern "${name}".` });
  const maxLength = reader.number(entry, "max_length", { min: 1, max: 4096, fallback: 256 });
  const detector = blockedPatternDetector({
    name,
    pattern: compile(reader, entry, source),
    maxLength,
    explanation,
    literal: requiredLiteral(source),
  });
  return { detector, ...readWhatToDo(reader, entry) };
}

function compile(reader: FieldReader, entry: Fields, source: string): RE2JS {
  try {
    const pattern = RE2JS.compile(source);
    if (pattern.matches("")) reader.problems.push(`${entry.path}.pattern: matches the empty text`);
    if (pattern.programSize() > MAX_PROGRAM) {
      reader.problems.push(`${entry.path}.pattern: too large; at most ${MAX_PROGRAM} instructions`);
    }
    return pattern;
  } catch {
    reader.problems.push(`${entry.path}.pattern: not a valid RE2 expression (no look-around, no back-references)`);
    return RE2JS.compile("a");
  }
}
