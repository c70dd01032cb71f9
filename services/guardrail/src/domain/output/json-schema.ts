import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import { RE2JS } from "re2js";
import { type Detector, whole } from "../detector.ts";

const MOST_SCHEMAS = 64;
const LONGEST_SCHEMA = 65_536;

type Check = (text: string) => string | undefined;

/** Answers that are no JSON or do not fit the schema: that of the call, or the policy's own. */
export function jsonSchemaDetector(own: string | undefined): Detector {
  const compiled = new Map<string, Check>();
  return {
    name: "output.json_schema",
    category: "json_schema",
    replacement: "",
    extent: whole,
    wants: ["jsonSchema"],
    find({ text }, report, _stage, context) {
      const schema = context?.jsonSchema || own;
      if (schema === undefined) return;
      const check = compiled.get(schema) ?? compileSchema(schema);
      if (compiled.size >= MOST_SCHEMAS) compiled.clear();
      compiled.set(schema, check);
      const problem = check(text);
      if (problem !== undefined) report({ start: 0, end: text.length, score: 1, explanation: problem });
    },
    undecidedFrom: ({ from }) => from,
  };
}

/**
 * A check of texts against a schema. Its answer names places, never values.
 * @throws Error when the schema is none, is too long, or has a pattern that cannot be matched in linear time
 */
export function compileSchema(schema: string): Check {
  if (schema.length > LONGEST_SCHEMA) throw new RangeError(`a schema may have ${LONGEST_SCHEMA} characters`);
  const ajv = new Ajv2020({
    strict: false,
    addUsedSchema: false,
    validateFormats: false,
    logger: false,
    code: { regExp },
  });
  const validate: ValidateFunction = ajv.compile(JSON.parse(schema));
  return (text) => {
    let value: unknown;
    try {
      value = JSON.parse(unfenced(text));
    } catch {
      return "The answer is not valid JSON.";
    }
    if (validate(value)) return undefined;
    const [first] = validate.errors ?? [];
    const where =
      first === undefined || first.instancePath === "" ? "" : ` at a depth of ${depthOf(first.instancePath)}`;
    return `The answer does not fit its JSON schema: the keyword "${first?.keyword ?? "schema"}" fails${where}.`;
  };
}

// Models like to put JSON between fences.
function unfenced(text: string): string {
  const body = text.trim();
  return body.length > 6 && body.startsWith("```") && body.endsWith("```")
    ? body.slice(3, -3).replace(/^json\b/, "")
    : body;
}

// A path would show names that the model wrote.
function depthOf(path: string): number {
  return path.split("/").length - 1;
}

// Patterns of schemas come from callers: no engine that can be made to backtrack.
function regExp(pattern: string) {
  const compiled = RE2JS.compile(pattern);
  // Its text is the key under which Ajv keeps it.
  return { test: (text: string) => compiled.matcher(text).find(), toString: () => pattern };
}
regExp.code = "re2";
