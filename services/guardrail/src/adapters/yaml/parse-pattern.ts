import { RE2JS } from "re2js";
import type { Detector } from "../../domain/detector.ts";
import { blockedPatternDetector, requiredLiteral } from "../../domain/detectors/blocked-pattern.ts";
import type { FieldReader, Fields } from "./field-reader.ts";

/** The form of names of policies and patterns. */
export const NAME = {
  pattern: /^[a-z0-9][a-z0-9._-]{0,63}$/,
  help: "1 to 64 of a-z 0-9 . _ -, starting with a letter or digit",
};
const MAX_PATTERN_LENGTH = 1024;
/** More instructions than this make a pattern slow on every character. */
const MAX_PROGRAM = 2000;

/** Reads the detector of one pattern. Without `max_length` it judges whole texts. */
export function readPatternDetector(reader: FieldReader, entry: Fields): Detector {
  const name = reader.text(entry, "name", NAME);
  const source = reader.text(entry, "pattern", {
    pattern: new RegExp(`^[\\s\\S]{1,${MAX_PATTERN_LENGTH}}$`),
    help: `1 to ${MAX_PATTERN_LENGTH} characters`,
  });
  const explanation = reader.text(entry, "explanation", { fallback: `Matches the pattern "${name}".` });
  const isBounded = entry.values.max_length !== undefined;
  const maxLength = reader.number(entry, "max_length", { min: 1, max: 4096, fallback: 256 });
  return blockedPatternDetector({
    name,
    pattern: compile(reader, entry, source),
    maxLength: isBounded ? maxLength : undefined,
    explanation,
    literal: requiredLiteral(source),
  });
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
