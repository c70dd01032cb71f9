import type { JsonSchema } from "../wire/chat-request.ts";

const MAX_DEPTH = 8;

/** Texts from which values are taken: quoted strings and numbers are handed out in order. */
export interface Material {
  readonly text: string;
  readonly quoted: string[];
  readonly numbers: string[];
}

/** Prepares a text for `valuesFor`. */
export function materialOf(text: string): Material {
  const quoted = Array.from(
    text.matchAll(/"([^"]+)"|“([^”]+)”|'([^']+)'(?=[\s.,;!?)]|$)|`([^`]+)`/g),
    (match) => match.slice(1).find(Boolean) ?? "",
  );
  return { text, quoted, numbers: text.match(/(?<![\w.])-?\d+(?:\.\d+)?/g) ?? [] };
}

/** An object for a schema: all required properties, and optional ones that the text names. */
export function objectFor(schema: JsonSchema, material: Material, depth = 0): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  const required = new Set(schema.required ?? []);
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    const named = namedValue(name, material.text);
    if (named !== undefined) result[name] = coerce(named, property);
    else if (required.has(name)) result[name] = valueFor(name, property, material, depth + 1);
  }
  return result;
}

function valueFor(name: string, schema: JsonSchema, material: Material, depth: number): unknown {
  if (schema.const !== undefined) return schema.const;
  if (schema.enum) return chosen(schema.enum, material.text);
  const alternative = schema.anyOf?.[0] ?? schema.oneOf?.[0];
  if (alternative && depth < MAX_DEPTH) return valueFor(name, alternative, material, depth + 1);
  switch (typeOf(schema)) {
    case "number":
    case "integer": {
      const number = Number(material.numbers.shift() ?? schema.default ?? schema.minimum ?? 1);
      return typeOf(schema) === "integer" ? Math.trunc(number) : number;
    }
    case "boolean":
      return typeof schema.default === "boolean" ? schema.default : !/\b(no|not|false|without)\b/i.test(material.text);
    case "array":
      return depth < MAX_DEPTH && schema.items ? [valueFor(name, schema.items, material, depth + 1)] : [];
    case "object":
      return depth < MAX_DEPTH ? objectFor(schema, material, depth) : {};
    case "null":
      return null;
    default:
      return textFor(name, material);
  }
}

/** The first type of a schema; a schema with properties is an object. */
export function typeOf(schema: JsonSchema): string {
  if (typeof schema.type === "string") return schema.type;
  if (schema.type) return schema.type.find((type) => type !== "null") ?? "null";
  return schema.properties ? "object" : "string";
}

// `name: value`, `name = value`, `name "value"`.
function namedValue(name: string, text: string): string | undefined {
  if (!text.includes(name)) return undefined;
  const literal = name.replace(/[^\w-]/g, "\\$&");
  const match = new RegExp(
    `\\b${literal}\\b\\s*(?:[:=]|is\\b)?\\s*(?:"([^"]*)"|'([^']*)')|\\b${literal}\\b\\s*[:=]\\s*([^\\s,;]+)`,
  ).exec(text);
  return match ? (match[1] ?? match[2] ?? match[3]) : undefined;
}

/** A text as the type a schema asks for; unchanged where it cannot be one. */
export function coerce(text: string, schema: JsonSchema): unknown {
  const type = typeOf(schema);
  if ((type === "number" || type === "integer") && Number.isFinite(Number(text)))
    return type === "integer" ? Math.trunc(Number(text)) : Number(text);
  if (type === "boolean") return /^(true|yes|on|1)$/i.test(text);
  if (type === "array") return text.split(/\s*,\s*/).map((item) => coerce(item, schema.items ?? {}));
  return text;
}

function chosen(values: readonly unknown[], text: string): unknown {
  const lower = text.toLowerCase();
  return values.find((value) => typeof value === "string" && lower.includes(value.toLowerCase())) ?? values[0];
}

const HINTS: readonly (readonly [RegExp, RegExp])[] = [
  [/url|uri|link|address/i, /https?:\/\/[^\s"'<>]+/],
  [/mail/i, /[\w.+-]+@[\w-]+(?:\.[\w-]+)+/],
  [/date|day/i, /\b\d{4}-\d\d-\d\d\b/],
  [/time_?zone|tz/i, /\b[A-Z][a-z]+\/[A-Z][A-Za-z_]+\b|\bUTC\b/],
  [/city|location|place|town|country/i, /(?<=\b(?:in|at|for|near)\s)[A-Z][\p{L}-]+(?:\s[A-Z][\p{L}-]+)*/u],
];

function textFor(name: string, { text, quoted }: Material): string {
  for (const [names, shape] of HINTS) {
    const found = names.test(name) ? shape.exec(text)?.[0] : undefined;
    if (found !== undefined) return found;
  }
  return quoted.shift() ?? text.trim();
}
