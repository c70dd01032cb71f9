import type { Sql } from "@agentmesh/state";
import type { JournalEvent, NewEvent } from "../../domain/events.ts";
import type { RunRecord } from "../../domain/run.ts";
import type { Accepted, AcceptRequest } from "../../domain/run-store.ts";
import { insertEvents, type RunRow, recordOf, runColumns } from "./rows.ts";

/** Stores a run, or finds out why not. */
export function accept(sql: Sql, request: AcceptRequest): Accepted {
  const repeated = findRepeated(sql, request);
  if (repeated !== undefined) return repeated;
  if (request.claimFor === undefined) {
    const waiting = sql.get<{ count: number }>(
      "SELECT count(*) AS count FROM runs WHERE ended IS NULL AND lease_until = 0",
    );
    if (waiting !== undefined && waiting.count >= request.queueLimit) {
      return { outcome: "queue_full", waiting: waiting.count };
    }
  }
  insertAround(sql, request);
  return insertRun(sql, request);
}

function findRepeated(sql: Sql, { idempotency, run }: AcceptRequest): Accepted | undefined {
  if (idempotency === undefined) return undefined;
  const found = sql.get<{ run_id: string; request_hash: string }>(
    "SELECT run_id, request_hash FROM idempotency_keys WHERE tenant = ? AND user = ? AND key = ? AND expires > ?",
    run.tenant,
    run.user,
    idempotency.key,
    run.created,
  );
  if (found === undefined) return undefined;
  if (found.request_hash !== idempotency.requestHash) return { outcome: "key_reused" };
  const row = sql.get<RunRow>(`SELECT ${runColumns} FROM runs WHERE id = ?`, found.run_id);
  // The run was deleted since: its key is free again.
  return row === undefined ? undefined : { outcome: "existing", run: recordOf(row) };
}

function insertAround(sql: Sql, { run, idempotency, bundle }: AcceptRequest): void {
  if (bundle !== undefined) {
    const text = "INSERT OR IGNORE INTO agent_versions (agent_id, version, bundle) VALUES (?, ?, ?)";
    sql.run(text, run.agentId, run.agentVersion, bundle.json);
  }
  if (idempotency !== undefined) {
    const text =
      "INSERT OR REPLACE INTO idempotency_keys (tenant, user, key, request_hash, run_id, expires) VALUES (?, ?, ?, ?, ?, ?)";
    sql.run(text, run.tenant, run.user, idempotency.key, idempotency.requestHash, run.id, idempotency.expires);
  }
}

function insertRun(sql: Sql, { run, events: bodies, claimFor }: AcceptRequest): Accepted {
  const claimed = claimFor !== undefined;
  const all = claimed ? [...bodies, { kind: "started", attempt: 1 } as const] : bodies;
  const events: NewEvent[] = all.map((body) => ({ body, inputHash: "", time: run.created }));
  const record: RunRecord = {
    ...run,
    status: claimed ? "running" : "queued",
    ended: undefined,
    lastSeq: events.length,
    cancelReason: undefined,
  };
  sql.run(
    `INSERT INTO runs (id, tenant, user, agent_id, agent_version, session_id, status, created, deadline, last_seq,
       fencing_token, attempt, worker, lease_until) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    run.id,
    run.tenant,
    run.user,
    run.agentId,
    run.agentVersion,
    run.sessionId,
    record.status,
    run.created,
    run.deadline,
    events.length,
    claimed ? 1 : 0,
    claimed ? 1 : 0,
    claimFor?.worker ?? null,
    claimFor?.leaseUntil ?? 0,
  );
  insertEvents(sql, run.id, 0, events);
  if (!claimed) return { outcome: "accepted", run: record, claimed: undefined };
  const journal: JournalEvent[] = events.map((event, index) => ({ ...event, seq: index + 1 }));
  const lease = { runId: run.id, token: 1 };
  return { outcome: "accepted", run: record, claimed: { run: record, lease, attempt: 1, events: journal } };
}
