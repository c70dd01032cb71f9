/** The tables, in the order they were added. Only ever append. */
export const migrations: readonly string[] = [
  `CREATE TABLE runs (
     id TEXT PRIMARY KEY,
     tenant TEXT NOT NULL,
     user TEXT NOT NULL,
     agent_id TEXT NOT NULL,
     agent_version TEXT NOT NULL,
     session_id TEXT NOT NULL,
     status TEXT NOT NULL,
     created INTEGER NOT NULL,
     deadline INTEGER NOT NULL,
     ended INTEGER,
     last_seq INTEGER NOT NULL,
     fencing_token INTEGER NOT NULL,
     attempt INTEGER NOT NULL,
     worker TEXT,
     lease_until INTEGER NOT NULL,
     cancel_reason TEXT
   ) STRICT, WITHOUT ROWID;
   CREATE INDEX runs_of_user ON runs (tenant, user, id);
   CREATE INDEX runs_due ON runs (lease_until, id) WHERE ended IS NULL;
   CREATE INDEX runs_ended ON runs (ended) WHERE ended IS NOT NULL;

   CREATE TABLE run_events (
     run_id TEXT NOT NULL,
     seq INTEGER NOT NULL,
     time INTEGER NOT NULL,
     kind TEXT NOT NULL,
     step_key TEXT NOT NULL,
     input_hash TEXT NOT NULL,
     payload TEXT NOT NULL,
     PRIMARY KEY (run_id, seq)
   ) STRICT, WITHOUT ROWID;

   CREATE TABLE agent_versions (
     agent_id TEXT NOT NULL,
     version TEXT NOT NULL,
     bundle TEXT NOT NULL,
     PRIMARY KEY (agent_id, version)
   ) STRICT, WITHOUT ROWID;

   CREATE TABLE idempotency_keys (
     tenant TEXT NOT NULL,
     user TEXT NOT NULL,
     key TEXT NOT NULL,
     request_hash TEXT NOT NULL,
     run_id TEXT NOT NULL,
     expires INTEGER NOT NULL,
     PRIMARY KEY (tenant, user, key)
   ) STRICT, WITHOUT ROWID;
   CREATE INDEX idempotency_keys_expiring ON idempotency_keys (expires);`,
  // Events in the order in which they come, whole on a page: under their key, rows of more than a kilobyte had a page
  // of their own each.
  `CREATE TABLE run_events_in_order (
     id INTEGER PRIMARY KEY,
     run_id TEXT NOT NULL,
     seq INTEGER NOT NULL,
     time INTEGER NOT NULL,
     kind TEXT NOT NULL,
     step_key TEXT NOT NULL,
     input_hash TEXT NOT NULL,
     payload TEXT NOT NULL,
     UNIQUE (run_id, seq)
   ) STRICT;
   INSERT INTO run_events_in_order (run_id, seq, time, kind, step_key, input_hash, payload)
     SELECT run_id, seq, time, kind, step_key, input_hash, payload FROM run_events ORDER BY run_id, seq;
   DROP TABLE run_events;
   ALTER TABLE run_events_in_order RENAME TO run_events;`,
];
