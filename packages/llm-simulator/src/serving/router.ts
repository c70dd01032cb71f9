import { timingSafeEqual } from "node:crypto";
import { type Faults, hasFailure, paceOnly } from "../faults.ts";
import { MODEL_IDS, type RequestedModel, resolveModel } from "../models.ts";
import { ApiError, invalid } from "../wire/api-error.ts";
import { embeddingBody, parseEmbeddingRequest } from "../wire/embeddings.ts";
import { type JsonObject, modelOf, parseBody } from "../wire/parse-json.ts";
import { answerChat } from "./chat-route.ts";
import { type Exchange, pause, sendBody, sendError, sendJson } from "./exchange.ts";

/** What the routes share. */
export interface RouterOptions {
  /** Required in `Authorization: Bearer …` when set. */
  readonly apiKey?: string | undefined;
  /** Faults and pace of every request; those of a model's name win. */
  readonly faults: Faults;
}

// The log must stay small whatever is sent.
const MAX_REMEMBERED_BYTES = 64 * 1024;

// Fixed, so that the list is the same at every start.
const CREATED = 1_700_000_000;
const MODEL_TEXTS = new Map(
  MODEL_IDS.map((id) => [
    id,
    JSON.stringify({ id, object: "model", created: CREATED, owned_by: "agentmesh-simulator" }),
  ]),
);
const MODEL_LIST = `{"object":"list","data":[${[...MODEL_TEXTS.values()].join(",")}]}`;

type PostRoute = (exchange: Exchange, body: JsonObject, model: RequestedModel, faults: Faults) => Promise<void>;

const POST_ROUTES: Readonly<Record<string, { readonly kinds: readonly string[]; readonly answer: PostRoute }>> = {
  "/v1/chat/completions": { kinds: ["chat", "script"], answer: answerChat },
  "/v1/embeddings": { kinds: ["embedding"], answer: answerEmbeddings },
};

/** Finds the route of a request and answers it; throws ApiError for what is wrong with the request. */
export class Router {
  private readonly options: RouterOptions;
  private readonly failed = new Map<string, number>();

  constructor(options: RouterOptions) {
    this.options = options;
  }

  async answer(exchange: Exchange, body: Uint8Array): Promise<void> {
    const { method, path } = exchange.record;
    this.checkKey(exchange);
    if (method === "GET" && (path === "/v1/models" || path.startsWith("/v1/models/")))
      return answerModels(exchange, path);
    const route = Object.hasOwn(POST_ROUTES, path) ? POST_ROUTES[path] : undefined;
    if (!route)
      throw new ApiError(404, `Unknown request URL: ${method} ${path.slice(0, 200)}.`, { code: "unknown_url" });
    if (method !== "POST")
      throw new ApiError(405, `Not allowed to ${method} on ${path}.`, { code: "method_not_supported" });
    const json = parseBody(body);
    if (body.byteLength <= MAX_REMEMBERED_BYTES) exchange.record.body = json;
    const name = modelOf(json);
    exchange.record.model = name;
    const model = resolveModel(name);
    if (!route.kinds.includes(model.kind))
      throw invalid(`The model ${model.id} cannot be used with ${path}.`, "model", "unsupported_model");
    await this.withFaults(exchange, name, model, (faults) => route.answer(exchange, json, model, faults));
  }

  private checkKey({ request }: Exchange): void {
    const { apiKey } = this.options;
    if (apiKey === undefined) return;
    const given = Buffer.from(request.headers.authorization ?? "");
    const wanted = Buffer.from(`Bearer ${apiKey}`);
    if (given.length === wanted.length && timingSafeEqual(given, wanted)) return;
    const code = given.length === 0 ? "missing_api_key" : "invalid_api_key";
    throw new ApiError(401, given.length === 0 ? "You didn't provide an API key." : "Incorrect API key provided.", {
      code,
    });
  }

  private async withFaults(
    exchange: Exchange,
    name: string,
    model: RequestedModel,
    answer: (faults: Faults) => Promise<void>,
  ): Promise<void> {
    const faults = this.faultsOf(name, model);
    if (faults.reset !== undefined) return reset(exchange);
    if (faults.silence !== undefined) {
      exchange.record.outcome = "silence";
      return;
    }
    if (faults.latency_ms && !(await pause(exchange, faults.latency_ms))) return;
    if (faults.status !== undefined) return fail(exchange, faults.status, faults.retry_after);
    await answer(faults);
  }

  private faultsOf(name: string, model: RequestedModel): Faults {
    const faults = { ...this.options.faults, ...model.faults };
    if (faults.fail_times === undefined) return faults;
    const before = this.failed.get(name) ?? 0;
    if (before >= faults.fail_times) return paceOnly(faults);
    if (this.failed.size > 1_000) this.failed.clear();
    this.failed.set(name, before + 1);
    return hasFailure(faults) ? faults : { ...faults, status: 500 };
  }
}

function answerModels(exchange: Exchange, path: string): void {
  const id = path.slice("/v1/models".length + 1);
  const text = id === "" ? MODEL_LIST : MODEL_TEXTS.get(resolveModel(decoded(id)).id);
  exchange.record.outcome = "complete";
  sendJson(exchange, 200, text ?? MODEL_LIST);
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw invalid("The URL is not encoded correctly.");
  }
}

async function answerEmbeddings(
  exchange: Exchange,
  body: JsonObject,
  model: RequestedModel,
  faults: Faults,
): Promise<void> {
  const request = parseEmbeddingRequest(body);
  sendBody(exchange, embeddingBody(request, model.id, faults.no_usage === undefined), faults);
}

function reset({ request, record }: Exchange): void {
  record.outcome = "reset";
  request.socket.resetAndDestroy();
}

const ERROR_KINDS: Readonly<
  Record<number, { readonly message: string; readonly type: string; readonly code: string }>
> = {
  401: { message: "Incorrect API key provided.", type: "invalid_request_error", code: "invalid_api_key" },
  403: { message: "You are not allowed to use this model.", type: "invalid_request_error", code: "permission_denied" },
  429: { message: "Rate limit reached.", type: "requests", code: "rate_limit_exceeded" },
};

function fail(exchange: Exchange, status: number, retryAfter: number | undefined): void {
  const known = ERROR_KINDS[status];
  const fallback =
    status >= 500 ? "The server had an error while processing your request." : "The request was refused.";
  const error = new ApiError(status, known?.message ?? fallback, known ?? {});
  sendError(exchange, error, retryAfter === undefined ? {} : { "retry-after": String(retryAfter) });
}
