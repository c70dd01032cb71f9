import { type Faults, parseFaults } from "./faults.ts";
import { ApiError } from "./wire/api-error.ts";

/** What a model does. */
export type ModelKind = "chat" | "script" | "embedding";

interface Model {
  /** The name in answers; always says that it is a simulator. */
  readonly id: string;
  readonly kind: ModelKind;
}

const SCRIPT: Model = { id: "simulator-script", kind: "script" };

const MODELS: Readonly<Record<string, Model>> = {
  "simulator-small": { id: "simulator-small", kind: "chat" },
  "simulator-large": { id: "simulator-large", kind: "chat" },
  "simulator-script": SCRIPT,
  "sim-script": SCRIPT,
  "simulator-embedding": { id: "simulator-embedding", kind: "embedding" },
};

/** Ids of all models, as `GET /v1/models` lists them. */
export const MODEL_IDS: readonly string[] = [...new Set(Object.values(MODELS).map((model) => model.id))];

/** A model as a request names it: the model, and the faults asked for by the name's suffixes. */
export interface RequestedModel extends Model {
  readonly faults: Faults;
}

const parsed = new Map<string, RequestedModel>();

/**
 * Resolves a name such as `simulator-small+status=503+retry_after=2` (a comma works like a plus). Throws 404
 * `model_not_found` for an unknown model or fault, so that a typing error never looks like a healthy model.
 */
export function resolveModel(name: string): RequestedModel {
  const known = parsed.get(name);
  if (known) return known;
  const [base = "", ...suffixes] = name.split(/[+,]/);
  const model = Object.hasOwn(MODELS, base) ? MODELS[base] : undefined;
  if (!model) throw notFound(name, `Models: ${MODEL_IDS.join(", ")}.`);
  const faults = parseFaults(suffixes);
  if (typeof faults === "string") throw notFound(name, faults);
  const requested = { ...model, faults };
  if (parsed.size < 1_000) parsed.set(name, requested);
  return requested;
}

function notFound(name: string, why: string): ApiError {
  const message = `The model \`${name.slice(0, 200)}\` does not exist or you do not have access to it. ${why}`;
  return new ApiError(404, message, { param: "model", code: "model_not_found" });
}
