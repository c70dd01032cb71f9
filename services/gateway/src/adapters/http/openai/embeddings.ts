import type { ModelService } from "@agentmesh/contracts/gateway/v1/model_service";
import type { Client } from "@connectrpc/connect";
import { readModel } from "./chat-request.ts";
import { headerText } from "./completion.ts";
import type { Exchange } from "./exchange.ts";
import { array, type Fields, text } from "./json-fields.ts";
import { invalid, unsupported } from "./problem.ts";

const MOST_INPUTS = 256;
const KNOWN = new Set(["model", "input", "encoding_format", "dimensions", "user"]);

/** Answers `/v1/embeddings`. */
export async function answerEmbeddings(
  exchange: Exchange,
  body: Fields,
  models: Client<typeof ModelService>,
): Promise<void> {
  const request = readEmbeddings(body);
  const answer = await models.embed({ model: request.model, inputs: request.inputs }, exchange.callOptions());
  exchange.headers["x-agentmesh-model"] = headerText(answer.model);
  exchange.headers["x-agentmesh-cost-nano-usd"] = String(answer.cost?.nanoUsd ?? 0n);
  const data = answer.embeddings.map(({ values }, index) => {
    return { object: "embedding", index, embedding: request.base64 ? base64Of(values) : values };
  });
  const tokens = Number(answer.usage?.inputTokens ?? 0n);
  exchange.json({ object: "list", data, model: answer.model, usage: { prompt_tokens: tokens, total_tokens: tokens } });
}

/** A request for embeddings, read and checked. */
export interface EmbeddingsRequest {
  readonly model: string;
  readonly inputs: string[];
  readonly base64: boolean;
}

/** Reads the body. The model "auto" is the offline one. @throws HttpProblem 400 with the path of what is wrong */
export function readEmbeddings(body: Fields): EmbeddingsRequest {
  for (const name in body) {
    if (!KNOWN.has(name))
      throw invalid(name.slice(0, 64), "is not a parameter that this server knows", "unknown_parameter");
  }
  const model = readModel(body);
  if (body.dimensions !== undefined && body.dimensions !== null) throw unsupported("dimensions", "cannot be chosen");
  const format = body.encoding_format ?? "float";
  if (format !== "float" && format !== "base64") throw invalid("encoding_format", "must be float or base64");
  return { model: model === "auto" ? "" : model, inputs: readInputs(body.input), base64: format === "base64" };
}

function readInputs(value: unknown): string[] {
  if (value === undefined || value === null) throw invalid("input", "must be given", "missing_required_parameter");
  if (typeof value === "string") return [nonEmpty(value, "input")];
  const list = array(value, "input", MOST_INPUTS);
  if (list.length === 0) throw invalid("input", "must have at least one entry", "empty_array");
  return list.map((item, index) => {
    if (typeof item === "number" || Array.isArray(item))
      throw unsupported("input", "must be text: tokens are not supported");
    return nonEmpty(item, `input[${index}]`);
  });
}

function nonEmpty(value: unknown, path: string): string {
  const input = text(value, path);
  if (input === "") throw invalid(path, "must not be empty");
  return input;
}

// Little-endian, as OpenAI's clients read it and as this machine has it.
function base64Of(values: readonly number[]): string {
  return Buffer.from(new Float32Array(values).buffer).toString("base64");
}
