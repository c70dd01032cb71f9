import type { Database, Sql } from "@agentmesh/state";
import type { ApiKey, StoredKey } from "../../domain/keys/api-key.ts";
import type { KeyCountLimits, KeyCursor, KeyPage, KeyStore, Rotation } from "../../domain/keys/key-store.ts";

interface KeyRow {
  readonly id: string;
  readonly name: string;
  readonly tenant: string;
  readonly user: string;
  readonly scopes: string;
  readonly requests_per_minute: number | null;
  readonly created: number;
  readonly expires: number | null;
  readonly last_used: number | null;
  readonly revoked: number | null;
  readonly hash: Uint8Array;
  readonly previous_hash: Uint8Array | null;
  readonly previous_until: number | null;
}

/** Keys in gateway.db. The file has one owner, so every change is this process's own. */
export class SqliteKeyStore implements KeyStore {
  readonly #database: Database;
  readonly #listeners = new Set<(id: string) => void>();

  constructor(database: Database) {
    this.#database = database;
  }

  isEmpty(): Promise<boolean> {
    return this.#database.read((sql) => sql.get("SELECT 1 FROM api_keys LIMIT 1") === undefined);
  }

  insert(key: StoredKey, { most, endedBefore }: KeyCountLimits): Promise<boolean> {
    return this.#database.write((sql) => {
      removeEnded(key.tenant, endedBefore, sql);
      if (countOf(key, sql) >= most) return false;
      sql.run(
        `INSERT INTO api_keys (id, name, tenant, user, scopes, requests_per_minute, created, expires, hash)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
        key.id,
        key.name,
        key.tenant,
        key.user,
        JSON.stringify(key.scopes),
        key.requestsPerMinute ?? null,
        key.created,
        key.expires ?? null,
        key.hash,
      );
      return true;
    });
  }

  find(id: string): Promise<StoredKey | undefined> {
    return this.#database.read((sql) => {
      const row = sql.get<KeyRow>("SELECT * FROM api_keys WHERE id = ?", id);
      return row === undefined ? undefined : keyOf(row);
    });
  }

  list(tenant: string, page: { size: number; after: KeyCursor | undefined }): Promise<KeyPage> {
    const { created, id } = page.after ?? { created: Number.MAX_SAFE_INTEGER, id: "" };
    return this.#database.read((sql) => {
      const rows = sql.all<KeyRow>(
        `SELECT * FROM api_keys WHERE tenant = ? AND (created, id) < (?, ?)
         ORDER BY created DESC, id DESC LIMIT ?`,
        tenant,
        created,
        id,
        page.size + 1,
      );
      const keys: readonly ApiKey[] = rows.slice(0, page.size).map(keyOf);
      const last = keys.at(-1);
      return { keys, next: rows.length > page.size && last ? { created: last.created, id: last.id } : undefined };
    });
  }

  async rotate({ id, hash, previousUntil }: Rotation): Promise<boolean> {
    const { changes } = await this.#database.run(
      "UPDATE api_keys SET previous_hash = hash, previous_until = ?, hash = ? WHERE id = ? AND revoked IS NULL",
      previousUntil,
      hash,
      id,
    );
    this.#announce(id);
    return changes > 0;
  }

  async revoke(id: string, at: number): Promise<boolean> {
    const revoke = "UPDATE api_keys SET revoked = coalesce(revoked, ?) WHERE id = ?";
    const { changes } = await this.#database.run(revoke, at, id);
    this.#announce(id);
    return changes > 0;
  }

  async touch(id: string, at: number): Promise<void> {
    await this.#database.run("UPDATE api_keys SET last_used = ? WHERE id = ?", at, id);
  }

  onChange(listener: (id: string) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #announce(id: string): void {
    for (const listener of this.#listeners) listener(id);
  }
}

function countOf({ tenant, created }: StoredKey, sql: Sql): number {
  const count =
    "SELECT count(*) AS count FROM api_keys WHERE tenant = ? AND revoked IS NULL AND (expires IS NULL OR expires > ?)";
  return sql.get<{ count: number }>(count, tenant, created)?.count ?? 0;
}

function removeEnded(tenant: string, before: number, sql: Sql): void {
  sql.run("DELETE FROM api_keys WHERE tenant = ? AND (revoked < ? OR expires < ?)", tenant, before, before);
}

function keyOf(row: KeyRow): StoredKey {
  const { previous_hash, previous_until } = row;
  return {
    id: row.id,
    name: row.name,
    tenant: row.tenant,
    user: row.user,
    scopes: JSON.parse(row.scopes) as string[],
    requestsPerMinute: row.requests_per_minute ?? undefined,
    created: row.created,
    expires: row.expires ?? undefined,
    lastUsed: row.last_used ?? undefined,
    revoked: row.revoked ?? undefined,
    hash: row.hash,
    previous: previous_hash === null ? undefined : { hash: previous_hash, until: previous_until ?? 0 },
  };
}
