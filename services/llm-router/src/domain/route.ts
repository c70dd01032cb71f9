import { errors } from "../errors.ts";
import type { Catalogue, FoundModel, ModelEntry } from "./catalogue.ts";
import { typicalTokens } from "./estimate.ts";
import type { Prices } from "./money.ts";
import type { Prompt } from "./prompt.ts";

/** The name by which a caller leaves the choice to the router. */
export const AUTO = "auto";

/** A chosen model and why. */
export interface Route extends FoundModel {
  /** "requested", or the rule by which "auto" chose. */
  readonly reason: string;
}

// From here on a weak model starts to overlook things.
const LONG_PROMPT_TOKENS = 2_000;
// Only the end of the last user message is looked at: that is where a request stands, and it bounds the cost.
const HINT_WINDOW = 2_000;
const HARD_WORK =
  /```|\b(?:explain|analy[sz]e|analysis|compare|prove|derive|debug|refactor|architecture|step by step|trade-?offs?|why does|code review|implement|algorithm)\b/i;

/**
 * Finds the model for a prompt.
 *
 * "auto" takes the cheapest model that suits: it must be able to do what the prompt asks for (tools, JSON), hold the
 * prompt and the answer, and have at least the wanted tier. The wanted tier is 1, and one more for each of: tools, a
 * long prompt, words that announce hard work ("explain", "analyse", code). When no model is that strong, the strongest
 * one that is left takes it. Equal prices: the first in the catalogue.
 * @param promptBytes length of the encoded prompt
 * @throws MODEL_NOT_FOUND, PROMPT_TOO_LONG
 */
export function route(catalogue: Catalogue, prompt: Prompt, promptBytes: number): Route {
  if (prompt.model === AUTO) return choose(catalogue, prompt, promptBytes);
  const found = catalogue.find(prompt.model);
  if (found === undefined || found.entry.kind !== "generation") {
    throw errors.MODEL_NOT_FOUND({ metadata: { model: prompt.model } });
  }
  return { ...found, reason: "requested" };
}

function choose(catalogue: Catalogue, prompt: Prompt, promptBytes: number): Route {
  const able = catalogue.models.filter((model) => model.tier > 0 && canDo(model, prompt));
  if (able.length === 0) throw errors.MODEL_NOT_FOUND({ message: noneSuits(prompt), metadata: { model: AUTO } });
  const needed = typicalTokens(promptBytes) + (prompt.maxOutputTokens ?? 1);
  const fitting = able.filter((model) => needed <= model.contextTokens);
  if (fitting.length === 0) throw errors.PROMPT_TOO_LONG({ metadata: { model: AUTO } });
  const signs = signsOfWeight(prompt, promptBytes);
  const strongest = Math.max(...fitting.map(({ tier }) => tier));
  const tier = Math.min(1 + signs.length, strongest);
  const entry = cheapest(fitting.filter((model) => model.tier >= tier));
  const why = signs.length === 0 ? "short and simple" : signs.join(", ");
  return { entry, upstream: entry.upstream ?? entry.name, reason: `auto: cheapest of tier ${tier} or above (${why})` };
}

function canDo(model: ModelEntry, prompt: Prompt): boolean {
  if (model.kind !== "generation") return false;
  if (prompt.tools.length > 0 && !model.tools) return false;
  if ((prompt.jsonObject || prompt.responseSchema !== undefined) && !model.json) return false;
  return (prompt.maxOutputTokens ?? 1) <= model.maxOutputTokens;
}

function noneSuits(prompt: Prompt): string {
  const wanted = [
    prompt.tools.length > 0 ? "calls tools" : "",
    prompt.jsonObject || prompt.responseSchema !== undefined ? "answers in JSON" : "",
    prompt.maxOutputTokens === undefined ? "" : `writes ${prompt.maxOutputTokens} tokens`,
  ].filter((wish) => wish !== "");
  return `no model with a tier in the catalogue ${wanted.length === 0 ? "can be chosen by auto" : wanted.join(" and ")}`;
}

function signsOfWeight(prompt: Prompt, promptBytes: number): string[] {
  const signs: string[] = [];
  if (prompt.tools.length > 0 && prompt.toolChoice !== "none") signs.push("tools");
  if (typicalTokens(promptBytes) > LONG_PROMPT_TOKENS) signs.push("long prompt");
  const last = prompt.messages.findLast(({ role }) => role === "user");
  if (last?.text !== undefined && HARD_WORK.test(last.text.slice(-HINT_WINDOW))) signs.push("hard work asked for");
  return signs;
}

function cheapest(models: readonly ModelEntry[]): ModelEntry {
  return models.reduce((best, model) => (weight(model.prices) < weight(best.prices) ? model : best));
}

// Prompts are usually a few times longer than answers.
function weight(prices: Prices): bigint {
  return 3n * prices.input + prices.output;
}
