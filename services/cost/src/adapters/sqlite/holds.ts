import type { Sql } from "@agentmesh/state";
import type { Attribution, CostType, Payer } from "../../domain/charge.ts";
import type { HoldCommand } from "../../domain/holds-store.ts";

/** A row of `holds`. */
export interface HoldRow {
  readonly id: number;
  readonly tenant: string;
  readonly hold_id: string;
  readonly state: number;
  readonly amount: number;
  readonly charged: number;
  readonly taken: number;
  readonly expires: number;
  readonly user: string;
  readonly key_id: string;
  readonly agent: string;
  readonly run: string;
  readonly type: CostType;
  readonly resource: string;
}

/** Values of `holds.state`. */
export const holdState = { open: 0, settled: 1, released: 2, expired: 3 } as const;

const columns = "id, tenant, hold_id, state, amount, charged, taken, expires, user, key_id, agent, run, type, resource";

// Constants: statements are found by their text.
const findText = `SELECT ${columns} FROM holds WHERE tenant = ? AND hold_id = ?`;
const openText = `SELECT ${columns} FROM holds WHERE state = 0 ORDER BY id`;

/** A hold in whatever state. */
export function findHold(sql: Sql, tenant: string, holdId: string): HoldRow | undefined {
  return sql.get<HoldRow>(findText, tenant, holdId);
}

/** Every open hold. */
export function openHolds(sql: Sql): HoldRow[] {
  return sql.all<HoldRow>(openText);
}

/** Where and when a hold is stored. */
export interface HoldPlace {
  readonly id: number;
  readonly taken: number;
  readonly expires: number;
}

/** Stores an open hold; false when the tenant has one of this id, in whatever state. */
export function insertHold(sql: Sql, command: HoldCommand, { id, taken, expires }: HoldPlace): boolean {
  const { payer, attribution, holdId, amount } = command;
  const { changes } = sql.run(
    `INSERT INTO holds (id, tenant, hold_id, amount, taken, expires, user, key_id, agent, run, type, resource)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (tenant, hold_id) DO NOTHING`,
    id,
    payer.tenant,
    holdId,
    amount,
    taken,
    expires,
    payer.user,
    payer.keyId,
    attribution.agentId,
    attribution.runId,
    attribution.type,
    attribution.resource,
  );
  return changes === 1;
}

/** How a hold ended. */
export interface HoldEnd {
  readonly state: number;
  readonly charged: number;
  readonly ended: number;
}

/** Stores the end of a hold, or another end of an expired one. */
export function endHold(sql: Sql, id: number, { state, charged, ended }: HoldEnd): void {
  sql.run("UPDATE holds SET state = ?, charged = ?, ended = ? WHERE id = ?", state, charged, ended, id);
}

/** Who pays for a stored hold. */
export function payerOf(row: HoldRow): Payer {
  return { tenant: row.tenant, user: row.user, keyId: row.key_id };
}

/** What a stored hold is for. */
export function attributionOf(row: HoldRow): Attribution {
  return { agentId: row.agent, runId: row.run, type: row.type, resource: row.resource };
}
