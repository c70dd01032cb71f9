/** The models that can be asked. */
import type { Prices } from "./money.ts";

/** What a model is for. */
export type ModelKind = "generation" | "embedding";

/** The name of the provider that is part of this service: the lexical embedding. */
export const BUILT_IN_PROVIDER = "builtin";
/** The offline embedding, part of every catalogue. */
export const LEXICAL_MODEL = "lexical";

/** One entry. */
export interface ModelEntry {
  /** What callers ask for. One that ends in "*" stands for every name that starts so. Also the label of metrics. */
  readonly name: string;
  readonly provider: string;
  /** What the provider calls it; undefined: as it was asked for. */
  readonly upstream: string | undefined;
  readonly kind: ModelKind;
  /** Most tokens of prompt and answer together. */
  readonly contextTokens: number;
  /** Most tokens of an answer; 0 for embeddings. */
  readonly maxOutputTokens: number;
  /** Tokens of an answer when the caller sets no limit. */
  readonly defaultOutputTokens: number;
  readonly prices: Prices;
  readonly tools: boolean;
  readonly json: boolean;
  /** 1 is the weakest and cheapest; 0: never chosen by "auto". */
  readonly tier: number;
  /** Embeddings only; 0: as the provider answers. */
  readonly dimensions: number;
}

/** Which field carries the limit of the answer: newer OpenAI models want another one than everybody else. */
export type MaxTokensField = "max_tokens" | "max_completion_tokens";

/** Where models run. */
export interface ProviderEntry {
  readonly name: string;
  /** Undefined: the address in the settings. */
  readonly baseUrl: string | undefined;
  readonly maxTokensField: MaxTokensField;
  /** Whether it is asked for usage in streams (`stream_options`). */
  readonly streamUsage: boolean;
}

/** A catalogue as written. */
export interface CatalogueContent {
  readonly providers: readonly ProviderEntry[];
  readonly models: readonly ModelEntry[];
}

/** An entry found for a name. */
export interface FoundModel {
  readonly entry: ModelEntry;
  readonly upstream: string;
}

/** Finds models by name. */
export class Catalogue {
  /** In the order of the file. */
  readonly models: readonly ModelEntry[];
  private readonly byName: ReadonlyMap<string, FoundModel>;
  private readonly patterns: readonly { readonly prefix: string; readonly entry: ModelEntry }[];

  constructor(models: readonly ModelEntry[]) {
    this.models = models;
    const exact = models.filter((entry) => !entry.name.endsWith("*"));
    this.byName = new Map(exact.map((entry) => [entry.name, { entry, upstream: entry.upstream ?? entry.name }]));
    this.patterns = models
      .filter((entry) => entry.name.endsWith("*"))
      .map((entry) => ({ prefix: entry.name.slice(0, -1), entry }))
      .sort((a, b) => b.prefix.length - a.prefix.length);
  }

  /** The entry of exactly this name, else the pattern with the longest matching start. */
  find(name: string): FoundModel | undefined {
    const exact = this.byName.get(name);
    if (exact !== undefined) return exact;
    const pattern = this.patterns.find(({ prefix }) => name.startsWith(prefix));
    return pattern && { entry: pattern.entry, upstream: pattern.entry.upstream ?? name };
  }
}
