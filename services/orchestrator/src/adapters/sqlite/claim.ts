import type { Sql } from "@agentmesh/state";
import type { ClaimedRun, ClaimRequest } from "../../domain/run-store.ts";
import { insertEvents, type RunRow, recordOf, runColumns, selectEvents } from "./rows.ts";

/** Longer than any journal. */
const everything = 2 ** 31;

/** Takes runs that wait or whose lease is over. A worker never takes its own: it renews those. */
export function claim(sql: Sql, { worker, limit, now, leaseUntil }: ClaimRequest): readonly ClaimedRun[] {
  const rows = sql.all<RunRow>(
    `SELECT ${runColumns} FROM runs WHERE ended IS NULL AND lease_until <= ? AND (worker IS NULL OR worker <> ?)
     ORDER BY lease_until, id LIMIT ?`,
    now,
    worker,
    limit,
  );
  return rows.map((row) => take(sql, row, { worker, now, leaseUntil }));
}

function take(sql: Sql, row: RunRow, { worker, now, leaseUntil }: Omit<ClaimRequest, "limit">): ClaimedRun {
  const token = row.fencing_token + 1;
  const attempt = row.attempt + 1;
  const lastSeq = row.last_seq + 1;
  insertEvents(sql, row.id, row.last_seq, [{ body: { kind: "started", attempt }, inputHash: "", time: now }]);
  sql.run(
    `UPDATE runs SET status = 'running', fencing_token = ?, attempt = ?, last_seq = ?, worker = ?, lease_until = ?
     WHERE id = ?`,
    token,
    attempt,
    lastSeq,
    worker,
    leaseUntil,
    row.id,
  );
  return {
    run: { ...recordOf(row), status: "running", lastSeq },
    lease: { runId: row.id, token },
    attempt,
    events: selectEvents(sql, row.id, 0, everything),
  };
}
