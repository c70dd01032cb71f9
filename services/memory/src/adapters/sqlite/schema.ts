/** The tables of memory. Only ever append to the list. */
export const migrations: readonly string[] = [
  `
  CREATE TABLE owners (
    tenant TEXT NOT NULL,
    user TEXT NOT NULL,
    sessions INTEGER NOT NULL,
    PRIMARY KEY (tenant, user)
  ) WITHOUT ROWID, STRICT;

  CREATE TABLE sessions (
    key INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant TEXT NOT NULL,
    user TEXT NOT NULL,
    id TEXT NOT NULL,
    version INTEGER NOT NULL,
    messages INTEGER NOT NULL,
    tokens INTEGER NOT NULL,
    created INTEGER NOT NULL,
    updated INTEGER NOT NULL,
    expires INTEGER NOT NULL,
    UNIQUE (tenant, user, id)
  ) STRICT;
  CREATE INDEX sessions_by_use ON sessions (tenant, user, updated, key);
  CREATE INDEX sessions_by_expiry ON sessions (expires);

  -- tokens_before: of all turns before this one, so that a window is found by one search.
  CREATE TABLE turns (
    session INTEGER NOT NULL,
    version INTEGER NOT NULL,
    id TEXT NOT NULL,
    first_position INTEGER NOT NULL,
    tokens_before INTEGER NOT NULL,
    PRIMARY KEY (session, version)
  ) WITHOUT ROWID, STRICT;
  CREATE UNIQUE INDEX turns_by_id ON turns (session, id);
  CREATE INDEX turns_by_tokens ON turns (session, tokens_before);

  CREATE TABLE messages (
    session INTEGER NOT NULL,
    position INTEGER NOT NULL,
    version INTEGER NOT NULL,
    created INTEGER NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (session, position)
  ) WITHOUT ROWID, STRICT;

  -- Sessions that are gone and whose turns and messages are still to be removed.
  CREATE TABLE remains (session INTEGER PRIMARY KEY) STRICT;

  CREATE TABLE collections (
    key INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant TEXT NOT NULL,
    user TEXT NOT NULL,
    name TEXT NOT NULL,
    model TEXT NOT NULL,
    dimensions INTEGER NOT NULL,
    records INTEGER NOT NULL,
    UNIQUE (tenant, user, name)
  ) STRICT;

  CREATE TABLE records (
    key INTEGER PRIMARY KEY AUTOINCREMENT,
    collection INTEGER NOT NULL,
    id TEXT NOT NULL,
    created INTEGER NOT NULL,
    vector BLOB NOT NULL,
    text TEXT NOT NULL,
    metadata TEXT NOT NULL,
    UNIQUE (collection, id)
  ) STRICT;
  CREATE INDEX records_by_collection ON records (collection, key);
  `,
];
