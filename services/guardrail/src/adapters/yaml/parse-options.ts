import type { OutputOptions } from "../../domain/output/index.ts";
import { compileSchema } from "../../domain/output/json-schema.ts";
import { KNOWN_LANGUAGES } from "../../domain/output/language.ts";
import type { FieldReader, Fields } from "./field-reader.ts";

const MOST_LISTED = 256;
const LONGEST_LISTED = 128;

/** Reads what a policy sets for the detectors of output: its section `options`. */
export function readOptions(reader: FieldReader, root: Fields): OutputOptions {
  const given = reader.nested(root, "options", ["hosts", "languages", "never_promise", "json_schema", "length"]);
  const { hosts, languages, never_promise: phrases, json_schema: schema, length } = given.values;
  return {
    ...(hosts === undefined ? {} : { hosts: readList(reader, given, { name: "hosts", pattern: /^[a-z0-9.-]+$/i }) }),
    ...(languages === undefined ? {} : { languages: readLanguages(reader, given) }),
    ...(phrases === undefined
      ? {}
      : { phrases: readList(reader, given, { name: "never_promise", pattern: /[\p{L}\p{N}]/u }) }),
    ...(schema === undefined ? {} : { jsonSchema: readSchema(reader, given) }),
    ...(length === undefined ? {} : { length: readLength(reader, given) }),
  };
}

function readList(
  reader: FieldReader,
  given: Fields,
  { name, pattern }: { name: string; pattern: RegExp },
): readonly string[] {
  const texts = reader.texts(given, name);
  const isFine = (text: string) => text.length <= LONGEST_LISTED && pattern.test(text);
  if (texts.length > MOST_LISTED) reader.problems.push(`${given.path}.${name}: at most ${MOST_LISTED} entries`);
  for (const [index, text] of texts.entries()) {
    if (!isFine(text))
      reader.problems.push(
        `${given.path}.${name}[${index}]: must be 1 to ${LONGEST_LISTED} characters of ${pattern.source}`,
      );
  }
  return texts.filter(isFine).slice(0, MOST_LISTED);
}

function readLanguages(reader: FieldReader, given: Fields): readonly string[] {
  return reader.choices(given, "languages", KNOWN_LANGUAGES);
}

function readLength(reader: FieldReader, given: Fields): { min: number; max: number } {
  const length = reader.nested(given, "length", ["min", "max"]);
  const min = reader.number(length, "min", { min: 0, max: 1_000_000, fallback: 0 });
  const max = reader.number(length, "max", { min: 1, max: 1_000_000, fallback: 1_000_000 });
  if (min > max) reader.problems.push(`${length.path}: min is larger than max`);
  return { min, max };
}

function readSchema(reader: FieldReader, given: Fields): string | undefined {
  const schema = JSON.stringify(given.values.json_schema);
  try {
    compileSchema(schema);
    return schema;
  } catch {
    reader.problems.push(
      `${given.path}.json_schema: not a valid JSON Schema (2020-12), at most 65,536 characters, patterns in RE2`,
    );
    return undefined;
  }
}
