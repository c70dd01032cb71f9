import type { ModelService } from "@agentmesh/contracts/gateway/v1/model_service";
import type { Client } from "@connectrpc/connect";
import type { Exchange } from "./exchange.ts";
import { HttpProblem } from "./problem.ts";

interface ModelEntry {
  readonly id: string;
  readonly object: "model";
  readonly created: number;
  readonly owned_by: string;
}

/** Answers `/v1/models`: the catalogue, "auto" and the agents. */
export async function answerModels(exchange: Exchange, models: Client<typeof ModelService>): Promise<void> {
  exchange.json({ object: "list", data: await entriesOf(exchange, models) });
}

/** Answers `/v1/models/<name>`. */
export async function answerModel(
  exchange: Exchange,
  name: string,
  models: Client<typeof ModelService>,
): Promise<void> {
  const entries = await entriesOf(exchange, models);
  const found = entries.find(({ id }) => id === name);
  if (found === undefined) {
    const details = { status: 404, type: "invalid_request_error", code: "model_not_found", param: "model" };
    throw new HttpProblem("There is no model of that name.", details);
  }
  exchange.json(found);
}

async function entriesOf(exchange: Exchange, models: Client<typeof ModelService>): Promise<ModelEntry[]> {
  const { models: catalogue, agents } = await models.listModels({}, exchange.callOptions());
  return [
    entry("auto", "agentmesh"),
    ...catalogue.filter(isName).map(({ name, provider }) => entry(name, provider)),
    ...agents.map((id) => entry(`agent/${id}`, "agentmesh")),
  ];
}

// The catalogue may hold patterns ("simulator-small+*"), which nobody can ask.
function isName({ name }: { readonly name: string }): boolean {
  return !name.includes("*");
}

// When a model was made is not known; the field is not optional.
function entry(id: string, owner: string): ModelEntry {
  return { id, object: "model", created: 0, owned_by: owner };
}
