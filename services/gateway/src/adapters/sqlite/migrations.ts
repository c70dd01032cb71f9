/** The tables of gateway.db, in the order they came. Only ever append. */
export const migrations: readonly string[] = [
  `CREATE TABLE api_keys (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    tenant TEXT NOT NULL,
    user TEXT NOT NULL,
    scopes TEXT NOT NULL,
    requests_per_minute INTEGER,
    created INTEGER NOT NULL,
    expires INTEGER,
    last_used INTEGER,
    revoked INTEGER,
    hash BLOB NOT NULL,
    previous_hash BLOB,
    previous_until INTEGER
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX api_keys_of_tenant ON api_keys (tenant, created, id);
  CREATE TABLE rate_limits (
    subject TEXT PRIMARY KEY,
    tat REAL NOT NULL
  ) STRICT, WITHOUT ROWID;`,
];
