import type { IncomingMessage, ServerResponse } from "node:http";
import { AgentService } from "@agentmesh/contracts/gateway/v1/agent_service";
import { ModelService } from "@agentmesh/contracts/gateway/v1/model_service";
import type { PrincipalCredential } from "@agentmesh/rpc/scope";
import type { Metrics } from "@agentmesh/telemetry";
import { createClient, type Transport } from "@connectrpc/connect";
import { metrics as catalogue } from "../../../metrics.ts";
import { AgentChat } from "./agent-chat.ts";
import { AGENT_PREFIX } from "./agent-request.ts";
import { readChat } from "./chat-request.ts";
import { answerEmbeddings } from "./embeddings.ts";
import { Exchange } from "./exchange.ts";
import { ModelChat } from "./model-chat.ts";
import { answerModel, answerModels } from "./models.ts";
import { HttpProblem } from "./problem.ts";
import { readJson } from "./request-body.ts";

/** What the routes need. */
export interface OpenAiRoutesOptions {
  /** Leads to the gateway's own services, through all interceptors. */
  readonly transport: Transport;
  /** Who asks. Throws when a request has no valid key: nobody else's body is read. */
  readonly admit: (request: IncomingMessage) => PrincipalCredential | Promise<PrincipalCredential>;
  readonly maxBodyBytes: number;
  readonly clock: () => number;
  readonly metrics: Metrics;
}

interface Route {
  /** The label of its metrics. */
  readonly name: string;
  readonly method: "GET" | "POST";
  answer(exchange: Exchange): Promise<void>;
}

const ONE_MODEL = "/v1/models/";

/** The OpenAI-compatible routes: everything on the HTTP port that names no RPC. */
export function openAiRoutes(
  options: OpenAiRoutesOptions,
): (request: IncomingMessage, response: ServerResponse) => void {
  const routes = routesOf(options);
  const requests = options.metrics.counter(catalogue.httpRequests);
  const durations = options.metrics.histogram(catalogue.httpDuration);
  return (request, response) => {
    const started = performance.now();
    const route = find(routes, pathOf(request));
    const exchange = new Exchange(request, response);
    response.once("close", () => {
      durations.observe((performance.now() - started) / 1000, { route: route.name });
      requests.add(1, { route: route.name, status: String(exchange.status) });
    });
    answer(route, exchange, options.admit).catch((error) => exchange.fail(error));
  };
}

async function answer(route: Route, exchange: Exchange, admit: OpenAiRoutesOptions["admit"]): Promise<void> {
  if (route !== NOWHERE) {
    if (exchange.request.method !== route.method) throw wrongMethod(route.method);
    exchange.credential = await admit(exchange.request);
  }
  await route.answer(exchange);
}

function routesOf({ transport, maxBodyBytes, clock }: OpenAiRoutesOptions): ReadonlyMap<string, Route> {
  const models = createClient(ModelService, transport);
  const modelChat = new ModelChat(models, clock);
  const agentChat = new AgentChat(createClient(AgentService, transport), clock);
  const chat = async (exchange: Exchange) => {
    const request = readChat(await readJson(exchange.request, maxBodyBytes));
    const answering = request.prompt.model.startsWith(AGENT_PREFIX) ? agentChat : modelChat;
    await answering.answer(exchange, request);
  };
  const embeddings = async (exchange: Exchange) =>
    answerEmbeddings(exchange, await readJson(exchange.request, maxBodyBytes), models);
  const oneModel = (exchange: Exchange) =>
    answerModel(exchange, decoded(pathOf(exchange.request).slice(ONE_MODEL.length)), models);
  return new Map<string, Route>([
    ["/v1/chat/completions", { name: "/v1/chat/completions", method: "POST", answer: chat }],
    ["/v1/embeddings", { name: "/v1/embeddings", method: "POST", answer: embeddings }],
    ["/v1/models", { name: "/v1/models", method: "GET", answer: (exchange) => answerModels(exchange, models) }],
    [ONE_MODEL, { name: "/v1/models/{model}", method: "GET", answer: oneModel }],
  ]);
}

const NOWHERE: Route = {
  name: "none",
  method: "GET",
  async answer() {
    const details = { status: 404, type: "invalid_request_error", code: "unknown_url", param: null };
    throw new HttpProblem(
      "Nothing is here. There are /v1/chat/completions, /v1/embeddings, /v1/models, and the RPCs as /<service>/<method>.",
      details,
    );
  },
};

function find(routes: ReadonlyMap<string, Route>, path: string): Route {
  const exact = routes.get(path);
  if (exact !== undefined && path !== ONE_MODEL) return exact;
  if (path.startsWith(ONE_MODEL) && path.length > ONE_MODEL.length) return routes.get(ONE_MODEL) ?? NOWHERE;
  return NOWHERE;
}

function pathOf({ url = "" }: IncomingMessage): string {
  const query = url.indexOf("?");
  return query === -1 ? url : url.slice(0, query);
}

function decoded(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}

function wrongMethod(method: string): HttpProblem {
  const details = { status: 405, type: "invalid_request_error", code: "method_not_allowed", param: null };
  return new HttpProblem(`This path takes ${method} only.`, { ...details, headers: { allow: method } });
}
