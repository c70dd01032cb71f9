/** Tables of cost. Only ever append to the list. */
export const migrations: readonly string[] = [
  `
  -- A hold and, once it ended, its idempotency record. state: 0 open, 1 settled, 2 released, 3 expired.
  CREATE TABLE holds (
    id INTEGER PRIMARY KEY,
    tenant TEXT NOT NULL,
    hold_id TEXT NOT NULL,
    state INTEGER NOT NULL DEFAULT 0,
    amount INTEGER NOT NULL,
    charged INTEGER NOT NULL DEFAULT 0,
    taken INTEGER NOT NULL,
    expires INTEGER NOT NULL,
    ended INTEGER,
    user TEXT NOT NULL,
    key_id TEXT NOT NULL,
    agent TEXT NOT NULL,
    run TEXT NOT NULL,
    type TEXT NOT NULL,
    resource TEXT NOT NULL,
    UNIQUE (tenant, hold_id)
  ) STRICT;
  CREATE INDEX holds_open ON holds (id) WHERE state = 0;

  -- Charges and corrections, in the order in which they were booked. at: when the hold was taken.
  CREATE TABLE ledger (
    id INTEGER PRIMARY KEY,
    tenant TEXT NOT NULL,
    at INTEGER NOT NULL,
    hold_id TEXT NOT NULL,
    user TEXT NOT NULL,
    key_id TEXT NOT NULL,
    agent TEXT NOT NULL,
    run TEXT NOT NULL,
    type TEXT NOT NULL,
    resource TEXT NOT NULL,
    amount INTEGER NOT NULL,
    estimated INTEGER NOT NULL,
    charges INTEGER NOT NULL,
    input INTEGER NOT NULL,
    output INTEGER NOT NULL,
    cached INTEGER NOT NULL,
    reasoning INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX ledger_time ON ledger (tenant, at);
  CREATE INDEX ledger_run ON ledger (tenant, run) WHERE run <> '';

  -- Sums of ledger rows that were older than the ledger is kept. at: start of the day.
  CREATE TABLE ledger_days (
    tenant TEXT NOT NULL,
    at INTEGER NOT NULL,
    user TEXT NOT NULL,
    key_id TEXT NOT NULL,
    agent TEXT NOT NULL,
    type TEXT NOT NULL,
    resource TEXT NOT NULL,
    amount INTEGER NOT NULL,
    estimated INTEGER NOT NULL,
    charges INTEGER NOT NULL,
    input INTEGER NOT NULL,
    output INTEGER NOT NULL,
    cached INTEGER NOT NULL,
    reasoning INTEGER NOT NULL,
    PRIMARY KEY (tenant, at, user, key_id, agent, type, resource)
  ) STRICT, WITHOUT ROWID;

  -- What is settled per counter; what is held is the sum of the open holds. ends: when it may be forgotten.
  CREATE TABLE counters (
    key TEXT PRIMARY KEY,
    settled INTEGER NOT NULL,
    ends INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;

  -- Limits of single subjects, in place of those of the settings.
  CREATE TABLE limits (
    tenant TEXT NOT NULL,
    scope TEXT NOT NULL,
    subject TEXT NOT NULL,
    amount INTEGER NOT NULL,
    PRIMARY KEY (tenant, scope, subject)
  ) STRICT, WITHOUT ROWID;
  `,
];
