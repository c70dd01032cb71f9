import type { CallScope } from "@agentmesh/rpc/scope";
import { errors } from "../errors.ts";
import type { MemoryMetrics } from "../metrics.ts";
import type { Embedder } from "./embedder.ts";
import type {
  CollectionModel,
  CollectionName,
  MemoryRecord,
  MemoryStore,
  Metadata,
  Neighbour,
  RememberOutcome,
} from "./memory-store.ts";

const COLLECTION = /^[a-zA-Z0-9._-]{1,64}$/;
const MAX_ID_LENGTH = 128;
const MAX_TEXT_BYTES = 32_768;
const MAX_METADATA_BYTES = 8_192;
const MAX_RESULTS = 50;
const DEFAULT_RESULTS = 5;
const DEFAULT_MIN_SCORE = 0.1;

/** What the domain of memories works with. */
export interface SemanticMemoryOptions {
  readonly store: MemoryStore;
  readonly embedder: Embedder;
  readonly clock: () => number;
  /** Makes ids for memories that come without one. */
  readonly newId: () => string;
  readonly metrics: MemoryMetrics;
}

/** A text that is to be remembered. */
export interface NewMemory {
  /** "": one is made. */
  readonly id: string;
  readonly text: string;
  readonly metadata: Metadata;
}

/** What is looked for; limit 0: 5 results. */
export interface Query {
  readonly text: string;
  readonly limit: number;
  readonly minScore: number | undefined;
}

/** The rules of remembering and recalling. */
export class SemanticMemory {
  readonly #options: SemanticMemoryOptions;

  constructor(options: SemanticMemoryOptions) {
    this.#options = options;
  }

  /** @throws INVALID_MEMORY, MEMORY_FULL, EMBEDDING_MODEL_MISMATCH, errors of the embedding model */
  async remember(name: CollectionName, memory: NewMemory, scope: CallScope): Promise<MemoryRecord> {
    requireMemory(name, memory);
    const { store, embedder, clock, newId } = this.#options;
    await this.#requireModel(name, errors.INVALID_MEMORY);
    const record = { ...memory, id: memory.id === "" ? newId() : memory.id, created: clock() };
    if (memory.id !== "" && (await this.#isUnchanged(name, record))) return record;
    const values = await embedder.embed(memory.text, scope);
    requireStored(await store.remember(name, record, { model: embedder.model, values }), embedder.model);
    return record;
  }

  /** @throws INVALID_QUERY, EMBEDDING_MODEL_MISMATCH, errors of the embedding model */
  async recall(name: CollectionName, query: Query, scope: CallScope): Promise<readonly Neighbour[]> {
    const { limit, minScore } = requireQuery(name, query);
    const known = await this.#requireModel(name, errors.INVALID_QUERY);
    if (known === undefined) return [];
    const { store, embedder, metrics } = this.#options;
    const vector = await embedder.embed(query.text, scope);
    if (vector.length !== known.dimensions) throw mismatch(known, embedder.model);
    const started = performance.now();
    const neighbours = await store.nearest(name, vector, { limit, minScore, signal: scope.signal });
    metrics.searchSeconds.observe((performance.now() - started) / 1000);
    return neighbours;
  }

  /** @throws MEMORY_NOT_FOUND, INVALID_MEMORY */
  async forget(name: CollectionName, id: string): Promise<void> {
    requireCollection(name, errors.INVALID_MEMORY);
    if (!(await this.#options.store.forget(name, id))) throw errors.MEMORY_NOT_FOUND();
  }

  // A repeat with the same text needs no new vector.
  async #isUnchanged(name: CollectionName, record: MemoryRecord): Promise<boolean> {
    const known = await this.#options.store.find(name, record.id);
    if (known?.text !== record.text) return false;
    return this.#options.store.describe(name, record.id, record);
  }

  // @returns undefined: there is no such collection yet
  async #requireModel(
    name: CollectionName,
    invalid: typeof errors.INVALID_QUERY,
  ): Promise<CollectionModel | undefined> {
    requireCollection(name, invalid);
    const { store, embedder } = this.#options;
    const known = await store.model(name);
    if (known !== undefined && known.model !== embedder.model) throw mismatch(known, embedder.model);
    return known;
  }
}

function requireStored(outcome: RememberOutcome, model: string): void {
  switch (outcome.kind) {
    case "stored":
      return;
    case "full":
      throw errors.MEMORY_FULL();
    case "too_many_collections":
      throw errors.MEMORY_FULL({ message: "The user has as many collections as one can have; forget one's memories." });
    case "other_model":
      throw mismatch(outcome, model);
  }
}

function mismatch({ model, dimensions }: CollectionModel, currentModel: string) {
  return errors.EMBEDDING_MODEL_MISMATCH({
    metadata: { collection_model: model, collection_dimensions: String(dimensions), current_model: currentModel },
  });
}

function requireMemory(name: CollectionName, { id, text, metadata }: NewMemory): void {
  requireCollection(name, errors.INVALID_MEMORY);
  if (id.length > MAX_ID_LENGTH)
    throw invalid(errors.INVALID_MEMORY, "id", `must be at most ${MAX_ID_LENGTH} characters long`);
  requireText(text, "text", errors.INVALID_MEMORY);
  const bytes = Buffer.byteLength(JSON.stringify(metadata));
  if (bytes > MAX_METADATA_BYTES) {
    throw invalid(errors.INVALID_MEMORY, "metadata", `has ${bytes} bytes as JSON; at most ${MAX_METADATA_BYTES}`);
  }
}

function requireQuery(name: CollectionName, { text, limit, minScore }: Query): { limit: number; minScore: number } {
  requireCollection(name, errors.INVALID_QUERY);
  requireText(text, "query", errors.INVALID_QUERY);
  if (limit < 0 || limit > MAX_RESULTS) throw invalid(errors.INVALID_QUERY, "limit", `must be 0 to ${MAX_RESULTS}`);
  if (minScore !== undefined && !(minScore >= -1 && minScore <= 1)) {
    throw invalid(errors.INVALID_QUERY, "min_score", "must be -1 to 1");
  }
  return { limit: limit === 0 ? DEFAULT_RESULTS : limit, minScore: minScore ?? DEFAULT_MIN_SCORE };
}

function requireText(text: string, field: string, error: typeof errors.INVALID_QUERY): void {
  const bytes = Buffer.byteLength(text);
  if (bytes === 0 || bytes > MAX_TEXT_BYTES)
    throw invalid(error, field, `must have 1 to ${MAX_TEXT_BYTES} bytes; it has ${bytes}`);
}

function requireCollection({ collection }: CollectionName, error: typeof errors.INVALID_QUERY): void {
  if (!COLLECTION.test(collection))
    throw invalid(error, "collection", "must be 1 to 64 characters of a-z A-Z 0-9 . _ -");
}

function invalid(error: typeof errors.INVALID_QUERY, field: string, description: string) {
  return error({ message: `${field} ${description}.`, fields: [{ field, description }] });
}
