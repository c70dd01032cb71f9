/** JSON Schemas, compiled once, with complaints that a model can act on. */
import { Ajv2020, type ErrorObject, type ValidateFunction } from "ajv/dist/2020.js";
import { kindOf } from "./arguments.ts";
import type { JsonObject } from "./tool.ts";

/** Complaints in one answer. */
const mostComplaints = 5;
const longestShown = 60;

/** Checks a value; returns what is wrong, or undefined. */
export type SchemaCheck = (value: JsonObject) => string | undefined;

/** Compiles schemas of one catalogue. */
export class SchemaCompiler {
  readonly #ajv = new Ajv2020({
    allErrors: true,
    verbose: true,
    strict: true,
    allowUnionTypes: true,
    addUsedSchema: false,
  });

  /** @throws Error when the schema is none: a fault of the tool, found at the start */
  compile(schema: JsonObject): SchemaCheck {
    const validate: ValidateFunction = this.#ajv.compile(schema);
    return (value) => (validate(value) ? undefined : complaintsOf(validate.errors ?? []));
  }
}

function complaintsOf(errors: readonly ErrorObject[]): string {
  const complaints = [...new Set(errors.map(complaintOf))];
  const shown = complaints.slice(0, mostComplaints).join("; ");
  const more = complaints.length - mostComplaints;
  return more > 0 ? `${shown}; and ${more} more` : shown;
}

function complaintOf(error: ErrorObject): string {
  const where = pathOf(error.instancePath);
  const { params } = error;
  switch (error.keyword) {
    case "required":
      return `${where}: the property ${quoted(params.missingProperty)} is missing${describedAs(error, params.missingProperty)}`;
    case "additionalProperties":
    case "unevaluatedProperties": {
      const name = params.additionalProperty ?? params.unevaluatedProperty;
      return `${where}: there is no property ${quoted(name)}${knownProperties(error)}`;
    }
    case "enum":
      return `${where}: must be one of ${shortened(JSON.stringify(params.allowedValues))}, not ${shown(error.data)}`;
    default:
      return `${where}: ${error.message ?? "is not valid"}, not ${shown(error.data)}`;
  }
}

/** "/filters/0/name" becomes "filters.0.name". */
function pathOf(instancePath: string): string {
  const parts = instancePath.split("/").slice(1);
  const path = parts.map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~")).join(".");
  return path === "" ? "arguments" : shortened(path);
}

function describedAs({ parentSchema }: ErrorObject, name: string): string {
  const description = (parentSchema?.properties as Record<string, { description?: unknown }> | undefined)?.[name]
    ?.description;
  return typeof description === "string" ? ` (${description})` : "";
}

function knownProperties({ parentSchema }: ErrorObject): string {
  const names = Object.keys((parentSchema?.properties as object | undefined) ?? {});
  return names.length === 0 ? "; it takes none" : `; it takes ${names.map(quoted).join(", ")}`;
}

/** A value in a few characters: its kind, and itself when it is short. */
function shown(value: unknown): string {
  if (typeof value === "string") {
    return value.length > longestShown
      ? `a string of ${value.length} characters`
      : `the string ${JSON.stringify(value)}`;
  }
  if (typeof value === "number" || typeof value === "boolean") return `${kindOf(value)} (${value})`;
  return kindOf(value);
}

function quoted(name: unknown): string {
  return JSON.stringify(shortened(String(name)));
}

function shortened(text: string): string {
  return text.length > longestShown ? `${text.slice(0, longestShown)}…` : text;
}
