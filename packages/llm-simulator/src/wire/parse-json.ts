import { invalid } from "./api-error.ts";

/** A JSON object. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** True for objects that are neither null nor arrays. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

const utf8 = new TextDecoder("utf-8", { fatal: true });

/** Reads a request body; throws the 400 that OpenAI answers for anything but a JSON object in UTF-8. */
export function parseBody(body: Uint8Array): JsonObject {
  let value: unknown;
  try {
    value = JSON.parse(utf8.decode(body));
  } catch {
    throw invalid("We could not parse the JSON body of your request. The body must be a JSON object in UTF-8.");
  }
  if (!isObject(value)) throw invalid("The JSON body of your request must be an object.");
  return value;
}

/** The model's name; throws where it is missing. */
export function modelOf(body: JsonObject): string {
  if (body.model === undefined || body.model === "") throw invalid("you must provide a model parameter", "model");
  if (typeof body.model !== "string")
    throw invalid("Invalid type for 'model': expected a string.", "model", "invalid_type");
  return body.model;
}
