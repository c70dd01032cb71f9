import type { Owner } from "./owner.ts";

/** Free-form facts about a memory, as JSON. */
export type Metadata = Readonly<Record<string, unknown>>;

/** Something remembered. */
export interface MemoryRecord {
  readonly id: string;
  readonly text: string;
  readonly metadata: Metadata;
  /** Milliseconds since the epoch. */
  readonly created: number;
}

/** Which collection of whom. */
export interface CollectionName {
  readonly owner: Owner;
  readonly collection: string;
}

/** The model a collection's vectors were made with. */
export interface CollectionModel {
  readonly model: string;
  readonly dimensions: number;
}

/** How storing a memory ended. */
export type RememberOutcome =
  | { readonly kind: "stored" }
  | { readonly kind: "full" }
  | { readonly kind: "too_many_collections" }
  | { readonly kind: "other_model"; readonly model: string; readonly dimensions: number };

/** What there can be at most. */
export interface MemoryLimits {
  readonly maxRecordsPerCollection: number;
  readonly maxCollectionsPerUser: number;
}

/** A vector and the model that made it. */
export interface ModelVector {
  readonly model: string;
  /** Of unit length, or all zero. */
  readonly values: Float32Array;
}

/** A memory that is near a query. */
export interface Neighbour {
  readonly record: MemoryRecord;
  /** Cosine similarity, -1 to 1. */
  readonly score: number;
}

/** How many neighbours, and how near. */
export interface SearchOptions {
  readonly limit: number;
  readonly minScore: number;
}

/**
 * Keeps memories and finds the nearest. What one call has stored, every later search sees. All vectors of a collection
 * are made by one model.
 */
export interface MemoryStore {
  /** undefined: there is no such collection; one without memories is none. */
  model(name: CollectionName): Promise<CollectionModel | undefined>;
  find(name: CollectionName, id: string): Promise<MemoryRecord | undefined>;
  /** Stores a memory or replaces the one with its id. */
  remember(name: CollectionName, record: MemoryRecord, vector: ModelVector): Promise<RememberOutcome>;
  /** Replaces the metadata of a memory whose text stays. @returns whether it is still there */
  describe(name: CollectionName, id: string, change: Pick<MemoryRecord, "metadata" | "created">): Promise<boolean>;
  /** Best first. Stops with the signal's reason when it is aborted. */
  nearest(
    name: CollectionName,
    query: Float32Array,
    options: SearchOptions & { signal: AbortSignal },
  ): Promise<readonly Neighbour[]>;
  /** @returns whether it was there */
  forget(name: CollectionName, id: string): Promise<boolean>;
}
