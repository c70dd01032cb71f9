import type { Database, Sql } from "@agentmesh/state";
import type { JournalEvent } from "../../domain/events.ts";
import type { Owner, RunRecord } from "../../domain/run.ts";
import type {
  Accepted,
  AcceptRequest,
  AppendRequest,
  ClaimedRun,
  ClaimRequest,
  FinishRequest,
  Lease,
  ListQuery,
  Renewal,
  RunStore,
  RunWithEnding,
} from "../../domain/run-store.ts";
import { noTotals } from "../../domain/totals.ts";
import { errors } from "../../errors.ts";
import { accept } from "./accept.ts";
import { claim } from "./claim.ts";
import { insertEvents, type RunRow, recordOf, runColumns, selectEnding, selectEvents } from "./rows.ts";

const selectOwned = `SELECT ${runColumns} FROM runs WHERE id = ? AND tenant = ? AND user = ?`;

const selectByKey = `SELECT request_hash, ${runColumns.replaceAll(/\w+/g, "runs.$&")} FROM idempotency_keys AS keys
  JOIN runs ON runs.id = keys.run_id WHERE keys.tenant = ? AND keys.user = ? AND keys.key = ? AND keys.expires > ?`;

/** Runs in one SQLite file. */
export class SqliteRunStore implements RunStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  accept(request: AcceptRequest): Promise<Accepted> {
    return this.#database.write((sql) => accept(sql, request));
  }

  findByKey(
    { tenant, user }: Owner,
    key: string,
    now: number,
  ): Promise<{ run: RunRecord; requestHash: string } | undefined> {
    return this.#database.read((sql) => {
      const found = sql.get<RunRow & { request_hash: string }>(selectByKey, tenant, user, key, now);
      return found && { run: recordOf(found), requestHash: found.request_hash };
    });
  }

  claim(request: ClaimRequest): Promise<readonly ClaimedRun[]> {
    return this.#database.write((sql) => claim(sql, request));
  }

  renew(leases: readonly Lease[], leaseUntil: number): Promise<readonly Renewal[]> {
    return this.#database.write((sql) =>
      leases.map(({ runId, token }) => {
        const row = sql.get<{ cancel_reason: string | null }>(
          "UPDATE runs SET lease_until = ? WHERE id = ? AND fencing_token = ? AND ended IS NULL RETURNING cancel_reason",
          leaseUntil,
          runId,
          token,
        );
        return { runId, lost: row === undefined, cancelReason: row?.cancel_reason ?? undefined };
      }),
    );
  }

  async release(leases: readonly Lease[]): Promise<void> {
    await this.#database.write((sql) => {
      for (const { runId, token } of leases) {
        sql.run(
          `UPDATE runs SET lease_until = 0, worker = NULL, fencing_token = fencing_token + 1
           WHERE id = ? AND fencing_token = ? AND ended IS NULL`,
          runId,
          token,
        );
      }
    });
  }

  async append({ lease, expectedSeq, events }: AppendRequest): Promise<void> {
    await this.#database.write((sql) => {
      const { changes } = sql.run(
        "UPDATE runs SET last_seq = ? WHERE id = ? AND fencing_token = ? AND last_seq = ? AND ended IS NULL",
        expectedSeq + events.length,
        lease.runId,
        lease.token,
        expectedSeq,
      );
      if (changes !== 1) throw refusal(sql, lease, expectedSeq);
      insertEvents(sql, lease.runId, expectedSeq, events);
    });
  }

  async finish({ lease, expectedSeq, events, status, ended }: FinishRequest): Promise<void> {
    await this.#database.write((sql) => {
      const { changes } = sql.run(
        `UPDATE runs SET last_seq = ?, status = ?, ended = ?, worker = NULL
         WHERE id = ? AND fencing_token = ? AND last_seq = ? AND ended IS NULL`,
        expectedSeq + events.length,
        status,
        ended,
        lease.runId,
        lease.token,
        expectedSeq,
      );
      if (changes !== 1) throw refusal(sql, lease, expectedSeq);
      insertEvents(sql, lease.runId, expectedSeq, events);
    });
  }

  requestCancel(
    { tenant, user }: Owner,
    runId: string,
    { reason, now }: { reason: string; now: number },
  ): Promise<RunRecord | undefined> {
    return this.#database.write((sql) => {
      const row = sql.get<RunRow>(selectOwned, runId, tenant, user);
      if (row === undefined || row.ended !== null) return row && recordOf(row);
      if (row.status === "queued") return cancelQueued(sql, row, { reason, now });
      sql.run("UPDATE runs SET cancel_reason = coalesce(cancel_reason, ?) WHERE id = ?", reason, runId);
      return { ...recordOf(row), cancelReason: row.cancel_reason ?? reason };
    });
  }

  get({ tenant, user }: Owner, runId: string): Promise<RunWithEnding | undefined> {
    return this.#database.read((sql) => {
      const row = sql.get<RunRow>(selectOwned, runId, tenant, user);
      return row && { run: recordOf(row), ending: selectEnding(sql, row) };
    });
  }

  list({ tenant, user, before, limit, agentId, sessionId }: ListQuery): Promise<readonly RunWithEnding[]> {
    return this.#database.read((sql) => {
      const rows = sql.all<RunRow>(
        `SELECT ${runColumns} FROM runs WHERE tenant = ? AND user = ? AND id < ?
         AND (? = '' OR agent_id = ?) AND (? = '' OR session_id = ?) ORDER BY id DESC LIMIT ?`,
        tenant,
        user,
        before === "" ? "s" : before,
        agentId,
        agentId,
        sessionId,
        sessionId,
        limit,
      );
      return rows.map((row) => ({ run: recordOf(row), ending: selectEnding(sql, row) }));
    });
  }

  events(runId: string, after: number, limit: number): Promise<readonly JournalEvent[]> {
    return this.#database.read((sql) => selectEvents(sql, runId, after, limit));
  }

  bundle(agentId: string, version: string): Promise<string | undefined> {
    return this.#database.read(
      (sql) =>
        sql.get<{ bundle: string }>(
          "SELECT bundle FROM agent_versions WHERE agent_id = ? AND version = ?",
          agentId,
          version,
        )?.bundle,
    );
  }

  sweep({ endedBefore, now, limit }: { endedBefore: number; now: number; limit: number }): Promise<number> {
    return this.#database.write((sql) => {
      const rows = sql.all<{ id: string }>(
        "SELECT id FROM runs WHERE ended < ? ORDER BY ended LIMIT ?",
        endedBefore,
        limit,
      );
      for (const { id } of rows) {
        sql.run("DELETE FROM run_events WHERE run_id = ?", id);
        sql.run("DELETE FROM runs WHERE id = ?", id);
      }
      const keys = sql.run(
        `DELETE FROM idempotency_keys WHERE (tenant, user, key) IN
         (SELECT tenant, user, key FROM idempotency_keys WHERE expires <= ? LIMIT ?)`,
        now,
        limit,
      );
      return Math.max(rows.length, keys.changes);
    });
  }
}

function refusal(sql: Sql, { runId, token }: Lease, expectedSeq: number): Error {
  const row = sql.get<RunRow>(`SELECT ${runColumns} FROM runs WHERE id = ?`, runId);
  if (row === undefined || row.ended !== null || row.fencing_token !== token) {
    return errors.FENCED({ metadata: { run_id: runId } });
  }
  const message = `The journal of ${runId} ends at ${row.last_seq}, not at ${expectedSeq}.`;
  return errors.SEQUENCE_CONFLICT({ message, metadata: { run_id: runId } });
}

function cancelQueued(sql: Sql, row: RunRow, { reason, now }: { reason: string; now: number }): RunRecord {
  const lastSeq = row.last_seq + 1;
  const body = { kind: "cancelled", reason, totals: noTotals } as const;
  insertEvents(sql, row.id, row.last_seq, [{ body, inputHash: "", time: now }]);
  sql.run(
    "UPDATE runs SET status = 'cancelled', ended = ?, last_seq = ?, cancel_reason = ?, fencing_token = fencing_token + 1 WHERE id = ?",
    now,
    lastSeq,
    reason,
    row.id,
  );
  return { ...recordOf(row), status: "cancelled", ended: now, lastSeq, cancelReason: reason };
}
