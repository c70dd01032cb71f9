import type { Sql } from "@agentmesh/state";
import {
  type Ending,
  type EventBody,
  isEnding,
  type JournalEvent,
  type NewEvent,
  stepKeyOf,
} from "../../domain/events.ts";
import type { RunRecord, RunStatus } from "../../domain/run.ts";

/** A row of `runs`. */
export interface RunRow {
  readonly id: string;
  readonly tenant: string;
  readonly user: string;
  readonly agent_id: string;
  readonly agent_version: string;
  readonly session_id: string;
  readonly status: RunStatus;
  readonly created: number;
  readonly deadline: number;
  readonly ended: number | null;
  readonly last_seq: number;
  readonly fencing_token: number;
  readonly attempt: number;
  readonly cancel_reason: string | null;
}

/** The columns of a `RunRow`. */
export const runColumns =
  "id, tenant, user, agent_id, agent_version, session_id, status, created, deadline, ended, last_seq, fencing_token, attempt, cancel_reason";

interface EventRow {
  readonly seq: number;
  readonly time: number;
  readonly input_hash: string;
  readonly payload: string;
}

/** A run as the domain sees it. */
export function recordOf(row: RunRow): RunRecord {
  return {
    id: row.id,
    tenant: row.tenant,
    user: row.user,
    agentId: row.agent_id,
    agentVersion: row.agent_version,
    sessionId: row.session_id,
    status: row.status,
    created: row.created,
    deadline: row.deadline,
    ended: row.ended ?? undefined,
    lastSeq: row.last_seq,
    cancelReason: row.cancel_reason ?? undefined,
  };
}

const insertEvent =
  "INSERT INTO run_events (run_id, seq, time, kind, step_key, input_hash, payload) VALUES (?, ?, ?, ?, ?, ?, ?)";

/** Adds events after `lastSeq`. */
export function insertEvents(sql: Sql, runId: string, lastSeq: number, events: readonly NewEvent[]): void {
  let seq = lastSeq;
  for (const { body, inputHash, time } of events) {
    seq += 1;
    sql.run(insertEvent, runId, seq, time, body.kind, stepKeyOf(body), inputHash, JSON.stringify(body));
  }
}

/** Events of a run after a position, in order. */
export function selectEvents(sql: Sql, runId: string, after: number, limit: number): readonly JournalEvent[] {
  const rows = sql.all<EventRow>(
    "SELECT seq, time, input_hash, payload FROM run_events WHERE run_id = ? AND seq > ? ORDER BY seq LIMIT ?",
    runId,
    after,
    limit,
  );
  return rows.map(({ seq, time, input_hash, payload }) => ({
    seq,
    time,
    inputHash: input_hash,
    body: JSON.parse(payload) as EventBody,
  }));
}

/** How a run ended. */
export function selectEnding(sql: Sql, row: RunRow): Ending | undefined {
  if (row.ended === null) return undefined;
  const last = sql.get<{ payload: string }>(
    "SELECT payload FROM run_events WHERE run_id = ? AND seq = ?",
    row.id,
    row.last_seq,
  );
  const body = last === undefined ? undefined : (JSON.parse(last.payload) as EventBody);
  return body !== undefined && isEnding(body) ? body : undefined;
}
