import type { Database, Sql } from "@agentmesh/state";
import type {
  CollectionModel,
  CollectionName,
  MemoryLimits,
  MemoryRecord,
  MemoryStore,
  Metadata,
  ModelVector,
  Neighbour,
  RememberOutcome,
  SearchOptions,
} from "../../domain/memory-store.ts";
import { TableCache } from "./vectors/table-cache.ts";
import { type Hit, VectorTable } from "./vectors/vector-table.ts";

/** Vectors read at once while a collection is loaded. */
const ROWS_PER_READ = 500;

interface CollectionRow {
  readonly key: number;
  readonly model: string;
  readonly dimensions: number;
  readonly records: number;
}

interface RecordRow {
  readonly key: number;
  readonly id: string;
  readonly created: number;
  readonly text: string;
  readonly metadata: string;
}

/** What storing a record came to; keys are for the vectors in memory. */
type Stored = {
  readonly kind: "stored";
  readonly collection: number;
  readonly key: number;
};

/** Memories in SQLite; the vectors of collections in use are kept in memory and compared there. */
export class SqliteMemoryStore implements MemoryStore {
  readonly #database: Database;
  readonly #limits: MemoryLimits;
  readonly #tables: TableCache;

  constructor(database: Database, options: MemoryLimits & { readonly cacheBytes: number }) {
    this.#database = database;
    this.#limits = options;
    this.#tables = new TableCache((collection, dimensions) => this.#load(collection, dimensions), options.cacheBytes);
  }

  model(name: CollectionName): Promise<CollectionModel | undefined> {
    return this.#database.read((sql) => findCollection(sql, name));
  }

  find(name: CollectionName, id: string): Promise<MemoryRecord | undefined> {
    return this.#database.read((sql) => {
      const collection = findCollection(sql, name);
      const row = collection === undefined ? undefined : findRecord(sql, collection.key, id);
      return row === undefined ? undefined : recordOf(row);
    });
  }

  async remember(name: CollectionName, record: MemoryRecord, vector: ModelVector): Promise<RememberOutcome> {
    const outcome = await this.#database.write((sql) =>
      storeRecord(sql, { name, record, vector, limits: this.#limits }),
    );
    if (outcome.kind !== "stored") return outcome;
    this.#tables.apply(outcome.collection, (table) => table.set(outcome.key, vector.values));
    return { kind: "stored" };
  }

  describe(name: CollectionName, id: string, change: { metadata: Metadata; created: number }): Promise<boolean> {
    return this.#database.write((sql) => {
      const collection = findCollection(sql, name);
      if (collection === undefined) return false;
      const { changes } = sql.run(
        "UPDATE records SET metadata = ?, created = ? WHERE collection = ? AND id = ?",
        JSON.stringify(change.metadata),
        change.created,
        collection.key,
        id,
      );
      return changes > 0;
    });
  }

  async nearest(
    name: CollectionName,
    query: Float32Array,
    options: SearchOptions & { signal: AbortSignal },
  ): Promise<readonly Neighbour[]> {
    const collection = await this.#database.read((sql) => findCollection(sql, name));
    if (collection === undefined || collection.records === 0 || collection.dimensions !== query.length) return [];
    const table = await this.#tables.get(collection.key, collection.dimensions);
    const hits = await table.nearest(query, options);
    return this.#database.read((sql) => hits.flatMap((hit) => neighboursOf(sql, hit)));
  }

  async forget(name: CollectionName, id: string): Promise<boolean> {
    const removed = await this.#database.write((sql) => {
      const collection = findCollection(sql, name);
      const row = collection === undefined ? undefined : findRecord(sql, collection.key, id);
      if (collection === undefined || row === undefined) return undefined;
      sql.run("DELETE FROM records WHERE key = ?", row.key);
      sql.run("UPDATE collections SET records = records - 1 WHERE key = ?", collection.key);
      // An empty collection is none: it neither counts nor binds to a model.
      if (collection.records === 1) sql.run("DELETE FROM collections WHERE key = ?", collection.key);
      return { collection, key: row.key };
    });
    if (removed === undefined) return false;
    if (removed.collection.records === 1) this.#tables.drop(removed.collection.key);
    else this.#tables.apply(removed.collection.key, (table) => table.delete(removed.key));
    return true;
  }

  // Page by page, other work in between.
  async #load(collection: number, dimensions: number): Promise<VectorTable> {
    const table = new VectorTable(dimensions);
    for (let after = 0; ; ) {
      const rows = await this.#database.read((sql) =>
        sql.all<{ key: number; vector: Uint8Array }>(
          "SELECT key, vector FROM records WHERE collection = ? AND key > ? ORDER BY key LIMIT ?",
          collection,
          after,
          ROWS_PER_READ,
        ),
      );
      for (const { key, vector } of rows) {
        table.set(key, decodeVector(vector));
        after = key;
      }
      if (rows.length < ROWS_PER_READ) return table;
    }
  }
}

function findCollection(sql: Sql, { owner, collection }: CollectionName): CollectionRow | undefined {
  return sql.get<CollectionRow>(
    "SELECT key, model, dimensions, records FROM collections WHERE tenant = ? AND user = ? AND name = ?",
    owner.tenant,
    owner.user,
    collection,
  );
}

function findRecord(sql: Sql, collection: number, id: string): RecordRow | undefined {
  return sql.get<RecordRow>(
    "SELECT key, id, created, text, metadata FROM records WHERE collection = ? AND id = ?",
    collection,
    id,
  );
}

interface NewRecord {
  readonly name: CollectionName;
  readonly record: MemoryRecord;
  readonly vector: ModelVector;
  readonly limits: MemoryLimits;
}

function storeRecord(
  sql: Sql,
  { name, record, vector, limits }: NewRecord,
): Stored | Exclude<RememberOutcome, { kind: "stored" }> {
  const dimensions = vector.values.length;
  const known = findCollection(sql, name);
  if (known !== undefined && (known.model !== vector.model || known.dimensions !== dimensions)) {
    return { kind: "other_model", model: known.model, dimensions: known.dimensions };
  }
  if (known === undefined && countCollections(sql, name) >= limits.maxCollectionsPerUser)
    return { kind: "too_many_collections" };
  const replaced = known === undefined ? undefined : findRecord(sql, known.key, record.id);
  if (known !== undefined && replaced === undefined && known.records >= limits.maxRecordsPerCollection)
    return { kind: "full" };
  const collection = known?.key ?? createCollection(sql, name, { model: vector.model, dimensions });
  if (replaced === undefined) sql.run("UPDATE collections SET records = records + 1 WHERE key = ?", collection);
  const row = sql.get<{ key: number }>(
    "INSERT INTO records (collection, id, created, vector, text, metadata) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (collection, id) DO UPDATE SET created = excluded.created, vector = excluded.vector, text = excluded.text, metadata = excluded.metadata RETURNING key",
    collection,
    record.id,
    record.created,
    encodeVector(vector.values),
    record.text,
    JSON.stringify(record.metadata),
  );
  if (row === undefined) throw new Error("the stored memory has no key");
  return { kind: "stored", collection, key: row.key };
}

function countCollections(sql: Sql, { owner }: CollectionName): number {
  const row = sql.get<{ count: number }>(
    "SELECT count(*) AS count FROM collections WHERE tenant = ? AND user = ?",
    owner.tenant,
    owner.user,
  );
  return row?.count ?? 0;
}

function createCollection(
  sql: Sql,
  { owner, collection }: CollectionName,
  made: { model: string; dimensions: number },
): number {
  const row = sql.get<{ key: number }>(
    "INSERT INTO collections (tenant, user, name, model, dimensions, records) VALUES (?, ?, ?, ?, ?, 0) RETURNING key",
    owner.tenant,
    owner.user,
    collection,
    made.model,
    made.dimensions,
  );
  if (row === undefined) throw new Error("the new collection has no key");
  return row.key;
}

// None when the record was forgotten while the search ran.
function neighboursOf(sql: Sql, { key, score }: Hit): Neighbour[] {
  const row = sql.get<RecordRow>("SELECT key, id, created, text, metadata FROM records WHERE key = ?", key);
  return row === undefined ? [] : [{ record: recordOf(row), score: Math.max(-1, Math.min(1, score)) }];
}

function recordOf({ id, text, metadata, created }: RecordRow): MemoryRecord {
  return { id, text, metadata: JSON.parse(metadata) as Metadata, created };
}

// Little-endian floats, as every machine this runs on has them.
function encodeVector(values: Float32Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

function decodeVector(bytes: Uint8Array): Float32Array {
  // A blob may begin anywhere; floats need an aligned address.
  return new Float32Array(bytes.slice().buffer);
}
