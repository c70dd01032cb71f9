/** Reads fields of parsed JSON, typed and with the path of whatever is wrong. `null` counts as absent, as OpenAI has it. */
import { invalid } from "./problem.ts";

/** A JSON object whose fields are not yet checked. */
export type Fields = Readonly<Record<string, unknown>>;

/** Bounds of a number. */
export interface Bounds {
  readonly min: number;
  readonly max: number;
}

/** Whether a value is a JSON object. */
export function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A value that must be an object. */
export function object(value: unknown, path: string): Fields {
  if (isFields(value)) return value;
  throw invalid(path, "must be an object", "invalid_type");
}

/** A value that must be an array, not longer than `max`. */
export function array(value: unknown, path: string, max: number): readonly unknown[] {
  if (!Array.isArray(value)) throw invalid(path, "must be an array", "invalid_type");
  if (value.length > max)
    throw invalid(path, `must have at most ${max} entries, but has ${value.length}`, "array_above_max_length");
  return value;
}

/** A value that must be a text of whole Unicode characters. */
export function text(value: unknown, path: string): string {
  if (typeof value !== "string") throw invalid(path, "must be a string", "invalid_type");
  if (!value.isWellFormed())
    throw invalid(path, "must be valid Unicode, but has half of a surrogate pair", "invalid_unicode");
  return value;
}

/** A text that may be absent. */
export function optionalText(fields: Fields, name: string, path: string = name): string | undefined {
  const value = fields[name];
  return value === undefined || value === null ? undefined : text(value, path);
}

/** A number that may be absent. */
export function optionalNumber(fields: Fields, name: string, { min, max }: Bounds): number | undefined {
  const value = fields[name];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== "number") throw invalid(name, "must be a number", "invalid_type");
  if (!(value >= min && value <= max)) throw invalid(name, `must be ${min} to ${max}`);
  return value;
}

/** A whole number that may be absent. */
export function optionalInteger(fields: Fields, name: string, bounds: Bounds): number | undefined {
  const value = optionalNumber(fields, name, bounds);
  if (value !== undefined && !Number.isInteger(value)) throw invalid(name, "must be a whole number", "invalid_type");
  return value;
}

/** Yes or no; absent: no. */
export function flag(fields: Fields, name: string, path: string = name): boolean {
  const value = fields[name];
  if (value === undefined || value === null) return false;
  if (typeof value === "boolean") return value;
  throw invalid(path, "must be true or false", "invalid_type");
}
