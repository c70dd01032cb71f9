/** Tables of tool-registry. Only ever append to the list. */
export const migrations: readonly string[] = [
  `
  -- Steps of runs. state: 0 leased (a tool with effects may be running), 1 done. user: for the erasure of a user's data.
  CREATE TABLE steps (
    id INTEGER PRIMARY KEY,
    tenant TEXT NOT NULL,
    run TEXT NOT NULL,
    step TEXT NOT NULL,
    user TEXT NOT NULL,
    tool TEXT NOT NULL,
    hash TEXT NOT NULL,
    created INTEGER NOT NULL,
    state INTEGER NOT NULL,
    lease_ends INTEGER NOT NULL,
    content TEXT NOT NULL DEFAULT '',
    error TEXT,
    UNIQUE (tenant, run, step)
  ) STRICT;
  CREATE INDEX steps_leased ON steps (id) WHERE state = 0;
  `,
];
