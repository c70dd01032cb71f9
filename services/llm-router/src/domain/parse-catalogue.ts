import {
  BUILT_IN_PROVIDER,
  type CatalogueContent,
  LEXICAL_MODEL,
  type MaxTokensField,
  type ModelEntry,
  type ModelKind,
  type ProviderEntry,
} from "./catalogue.ts";
import { LEXICAL_DIMENSIONS } from "./lexical.ts";
import { FREE, type Prices, parsePrice } from "./money.ts";
import { Reader } from "./reader.ts";

/** A catalogue that cannot be used, with everything that is wrong in it. */
export class CatalogueError extends Error {
  override readonly name = "CatalogueError";
  readonly problems: readonly string[];

  constructor(source: string, problems: readonly string[]) {
    super(`the model catalogue ${source} is not valid:\n${problems.map((problem) => `  - ${problem}`).join("\n")}`);
    this.problems = problems;
  }
}

const MOST_TOKENS = 10_000_000;
const NAME = /^[a-zA-Z0-9][a-zA-Z0-9._:/@+=-]{0,126}\*?$/;
const PROVIDER_NAME = /^[a-z0-9][a-z0-9-]{0,62}$/;

/**
 * Reads a catalogue from the data of its YAML file. The model "lexical" is added when it is not there.
 * @throws CatalogueError that lists every problem
 */
export function parseCatalogue(data: unknown, source: string): CatalogueContent {
  const problems: string[] = [];
  const root = new Reader(data, "", problems);
  root.only(["providers", "models"]);
  const providers = root.items("providers").map(readProvider);
  const names = new Set([BUILT_IN_PROVIDER, ...providers.map(({ name }) => name)]);
  const models = root.items("models").map((reader) => readModel(reader, names));
  reportDuplicates("providers", providers, problems);
  reportDuplicates("models", models, problems);
  if (problems.length > 0) throw new CatalogueError(source, problems);
  const hasLexical = models.some(({ name }) => name === LEXICAL_MODEL);
  return { providers, models: hasLexical ? models : [...models, LEXICAL_ENTRY] };
}

const LEXICAL_ENTRY: ModelEntry = {
  name: LEXICAL_MODEL,
  provider: BUILT_IN_PROVIDER,
  upstream: undefined,
  kind: "embedding",
  contextTokens: 32_768,
  maxOutputTokens: 0,
  defaultOutputTokens: 0,
  prices: FREE,
  tools: false,
  json: false,
  tier: 0,
  dimensions: LEXICAL_DIMENSIONS,
};

function readProvider(reader: Reader): ProviderEntry {
  reader.only(["name", "base_url", "max_tokens_field", "stream_usage"]);
  const name = reader.text("name", { pattern: PROVIDER_NAME, expected: "1-63 characters of [a-z0-9-]" });
  if (name === BUILT_IN_PROVIDER) reader.problem("name", `"${BUILT_IN_PROVIDER}" is the name of the built-in provider`);
  const maxTokensField = reader.choice<MaxTokensField>("max_tokens_field", {
    values: ["max_tokens", "max_completion_tokens"],
    fallback: "max_tokens",
  });
  return {
    name,
    baseUrl: reader.optionalUrl("base_url"),
    maxTokensField,
    streamUsage: reader.flag("stream_usage", true),
  };
}

const MODEL_FIELDS = [
  "name",
  "provider",
  "upstream",
  "kind",
  "context_tokens",
  "max_output_tokens",
  "default_output_tokens",
  "price",
  "free",
  "tools",
  "json",
  "tier",
  "dimensions",
];

function readModel(reader: Reader, providers: ReadonlySet<string>): ModelEntry {
  reader.only(MODEL_FIELDS);
  const kind = reader.choice<ModelKind>("kind", { values: ["generation", "embedding"], fallback: "generation" });
  const generates = kind === "generation";
  const maxOutputTokens = generates ? reader.integer("max_output_tokens", { min: 1, max: MOST_TOKENS }) : 0;
  const entry: ModelEntry = {
    name: readModelName(reader),
    provider: reader.text("provider", { pattern: PROVIDER_NAME, expected: "a provider's name" }),
    upstream: reader.optionalText("upstream", 256),
    kind,
    contextTokens: reader.integer("context_tokens", { min: 1, max: MOST_TOKENS }),
    maxOutputTokens,
    defaultOutputTokens: generates
      ? reader.integer("default_output_tokens", {
          min: 1,
          max: maxOutputTokens,
          fallback: Math.min(4096, maxOutputTokens),
        })
      : 0,
    prices: readPrices(reader, generates),
    tools: reader.flag("tools", false),
    json: reader.flag("json", false),
    tier: reader.integer("tier", { min: 0, max: 9, fallback: 0 }),
    dimensions: generates ? 0 : reader.integer("dimensions", { min: 0, max: 65_536, fallback: 0 }),
  };
  checkModel(reader, entry, providers);
  return entry;
}

function readModelName(reader: Reader): string {
  const expected = "1-128 characters of [a-zA-Z0-9._:/@+=-], with * only at the end";
  const name = reader.text("name", { pattern: NAME, expected });
  if (name === "auto") reader.problem("name", '"auto" is reserved for the choice of the router');
  return name;
}

function checkModel(reader: Reader, entry: ModelEntry, providers: ReadonlySet<string>): void {
  const { name, provider, kind } = entry;
  if (provider !== "" && !providers.has(provider)) reader.problem("provider", `no provider is named "${provider}"`);
  if (provider === BUILT_IN_PROVIDER && name !== LEXICAL_MODEL) {
    reader.problem("provider", `the built-in provider runs "${LEXICAL_MODEL}" only`);
  }
  if (name === LEXICAL_MODEL && (provider !== BUILT_IN_PROVIDER || kind !== "embedding")) {
    reader.problem("name", `"${LEXICAL_MODEL}" is the embedding of the built-in provider`);
  }
  if (entry.maxOutputTokens > entry.contextTokens) {
    reader.problem("max_output_tokens", "must not exceed context_tokens");
  }
  if (entry.tier > 0 && (kind === "embedding" || name.endsWith("*"))) {
    reader.problem("tier", "only a generation model with one name can be chosen by auto");
  }
}

// Unknown is not zero: a model without prices must say that it is free.
function readPrices(reader: Reader, generates: boolean): Prices {
  const free = reader.flag("free", false);
  const price = reader.optionalObject("price");
  if (free && price !== undefined) reader.problem("price", "must be absent when the model is free");
  if (!free && price === undefined) reader.problem("price", "is missing: give the prices, or say free: true");
  if (free || price === undefined) return FREE;
  price.only(generates ? ["input", "output", "cached_input"] : ["input"]);
  const input = readPrice(price, "input");
  return {
    input,
    output: generates ? readPrice(price, "output") : 0n,
    cachedInput: price.has("cached_input") ? readPrice(price, "cached_input") : input,
  };
}

function readPrice(reader: Reader, field: string): bigint {
  const price = parsePrice(reader.decimalText(field));
  if (price !== undefined) return price;
  reader.problem(field, 'must be US dollars per million tokens, such as "0.15", with at most 9 decimals, below 100000');
  return 0n;
}

function reportDuplicates(list: string, entries: readonly { readonly name: string }[], problems: string[]): void {
  const seen = new Set<string>();
  for (const { name } of entries) {
    if (name !== "" && seen.has(name)) problems.push(`${list}: "${name}" is there twice`);
    seen.add(name);
  }
}
