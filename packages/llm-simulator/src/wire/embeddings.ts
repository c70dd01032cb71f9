import { countTokens } from "../tokens.ts";
import { invalid } from "./api-error.ts";
import { type JsonObject, modelOf } from "./parse-json.ts";

const DEFAULT_DIMENSIONS = 256;
const MAX_DIMENSIONS = 3072;
const MAX_INPUTS = 2048;

/** A checked request of `POST /v1/embeddings`. */
export interface EmbeddingRequest {
  readonly model: string;
  readonly inputs: readonly string[];
  readonly dimensions: number;
  readonly base64: boolean;
}

/** Checks the body; throws an ApiError naming the parameter that is wrong. */
export function parseEmbeddingRequest(body: JsonObject): EmbeddingRequest {
  const { encoding_format: format = "float", dimensions = DEFAULT_DIMENSIONS } = body;
  if (format !== "float" && format !== "base64") {
    throw invalid("Invalid 'encoding_format': expected float or base64.", "encoding_format", "invalid_value");
  }
  if (
    typeof dimensions !== "number" ||
    !Number.isInteger(dimensions) ||
    dimensions < 1 ||
    dimensions > MAX_DIMENSIONS
  ) {
    throw invalid(
      `Invalid 'dimensions': expected an integer from 1 to ${MAX_DIMENSIONS}.`,
      "dimensions",
      "invalid_value",
    );
  }
  return { model: modelOf(body), inputs: inputsOf(body.input), dimensions, base64: format === "base64" };
}

// A text, texts, tokens or lists of tokens; tokens are read as words.
function inputsOf(input: unknown): string[] {
  if (input === undefined || input === null)
    throw invalid("Missing required parameter: 'input'.", "input", "missing_required_parameter");
  const list = Array.isArray(input) && !isTokens(input) ? input : [input];
  if (list.length === 0 || list.length > MAX_INPUTS)
    throw invalid(`Invalid 'input': expected 1 to ${MAX_INPUTS} texts.`, "input", "invalid_value");
  return list.map((item: unknown) => {
    const text = isTokens(item) ? item.join(" ") : item;
    if (typeof text === "string" && text !== "") return text;
    throw invalid("Invalid 'input': expected texts that are not empty, or lists of tokens.", "input", "invalid_type");
  });
}

function isTokens(value: unknown): value is number[] {
  return Array.isArray(value) && value.length > 0 && value.every((item) => typeof item === "number");
}

/** The JSON body of the answer. */
export function embeddingBody(
  { inputs, dimensions, base64 }: EmbeddingRequest,
  model: string,
  withUsage: boolean,
): string {
  const data = inputs.map(
    (input, index) =>
      `{"object":"embedding","index":${index},"embedding":${vectorText(embed(input, dimensions), base64)}}`,
  );
  const tokens = inputs.reduce((sum, input) => sum + countTokens(input), 0);
  const usage = withUsage ? `,"usage":{"prompt_tokens":${tokens},"total_tokens":${tokens}}` : "";
  return `{"object":"list","data":[${data.join(",")}],"model":"${model}"${usage}}`;
}

function vectorText(vector: Float32Array, base64: boolean): string {
  if (!base64) return `[${vector.join(",")}]`;
  return `"${Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength).toString("base64")}"`;
}

/**
 * A vector of length 1 from hashed words and letter triples: the same text gives the same vector, texts that share
 * words are near each other. Lexical, not semantic.
 */
export function embed(text: string, dimensions: number): Float32Array {
  const vector = new Float32Array(dimensions);
  for (const word of text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [text]) {
    add(vector, word, 1);
    for (let i = 0; i + 3 <= word.length; i++) add(vector, `#${word.slice(i, i + 3)}`, 0.3);
  }
  const length = Math.hypot(...vector) || 1;
  return vector.map((value) => value / length);
}

function add(vector: Float32Array, feature: string, weight: number): void {
  const hash = fnv1a(feature);
  const slot = (hash >>> 1) % vector.length;
  vector[slot] = (vector[slot] ?? 0) + (hash & 1 ? weight : -weight);
}

// http://www.isthe.com/chongo/tech/comp/fnv/
function fnv1a(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}
