import { setImmediate as nextTurn } from "node:timers/promises";
import type { Database, Sql } from "@agentmesh/state";
import { MAX_AMOUNT } from "../../domain/amount.ts";
import type { Attribution, Payer, TokenUsage } from "../../domain/charge.ts";
import { type UsageEntry, type UsageQuery, type UsageReport, UsageSums } from "../../domain/usage.ts";

/** One charge or correction. */
export interface LedgerEntry {
  readonly payer: Payer;
  readonly attribution: Attribution;
  readonly holdId: string;
  /** When the hold was taken. */
  readonly at: number;
  /** May be negative in a correction. */
  readonly amount: number;
  readonly estimated: number;
  /** 1, or 0 for a correction. */
  readonly charges: number;
  readonly tokens: TokenUsage;
}

/** Rows read or removed in one step: a few milliseconds. */
const slice = 1_000;
const foldSlice = 500;

/** Books a charge. */
export function append(sql: Sql, entry: LedgerEntry): void {
  const { payer, attribution, tokens } = entry;
  sql.run(
    `INSERT INTO ledger (tenant, at, hold_id, user, key_id, agent, run, type, resource, amount, estimated, charges,
       input, output, cached, reasoning) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    payer.tenant,
    entry.at,
    entry.holdId,
    payer.user,
    payer.keyId,
    attribution.agentId,
    attribution.runId,
    attribution.type,
    attribution.resource,
    entry.amount,
    entry.estimated,
    entry.charges,
    tokens.input,
    tokens.output,
    tokens.cachedInput,
    tokens.reasoning,
  );
}

type Row = UsageEntry & { readonly id: number };
type DayRow = UsageEntry & { readonly key_id: string; readonly type: string };

/** Sums the ledger up in slices, so that a large one holds nobody up. */
export async function sumUp(database: Database, query: UsageQuery): Promise<UsageReport> {
  const sums = new UsageSums(query);
  const rows = query.runId === "" ? rowsOfTime(database, query) : rowsOfRun(database, query);
  for await (const entries of rows) for (const entry of entries) sums.add(entry);
  if (query.runId === "")
    for await (const entries of dayRows(database, query)) for (const entry of entries) sums.add(entry);
  return sums.report();
}

const columns = "id, at, user, agent, run, resource, amount, estimated, charges, input, output, cached, reasoning";

async function* rowsOfTime(database: Database, { tenant, from, to }: UsageQuery): AsyncGenerator<Row[]> {
  const text = `SELECT ${columns} FROM ledger WHERE tenant = ? AND (at, id) > (?, ?) AND at < ? ORDER BY at, id LIMIT ${slice}`;
  let last = { at: from, id: -1 };
  for (let full = true; full; ) {
    const rows = await database.read((sql) => sql.all<Row>(text, tenant, last.at, last.id, to));
    yield rows;
    last = rows.at(-1) ?? last;
    full = rows.length === slice;
    if (full) await nextTurn();
  }
}

async function* rowsOfRun(database: Database, { tenant, runId, from, to }: UsageQuery): AsyncGenerator<Row[]> {
  const text = `SELECT ${columns} FROM ledger WHERE tenant = ? AND run = ? AND run <> '' AND id > ? ORDER BY id LIMIT ${slice}`;
  let last = -1;
  for (let full = true; full; ) {
    const rows = await database.read((sql) => sql.all<Row>(text, tenant, runId, last));
    yield rows.filter(({ at }) => at >= from && at < to);
    last = rows.at(-1)?.id ?? last;
    full = rows.length === slice;
    if (full) await nextTurn();
  }
}

async function* dayRows(database: Database, { tenant, from, to }: UsageQuery): AsyncGenerator<DayRow[]> {
  const text = `SELECT at, user, key_id, agent, type, '' AS run, resource, amount, estimated, charges, input, output, cached, reasoning
    FROM ledger_days WHERE tenant = ? AND at < ? AND (at, user, key_id, agent, type, resource) > (?, ?, ?, ?, ?, ?)
    ORDER BY at, user, key_id, agent, type, resource LIMIT ${slice}`;
  let last = { at: from, user: "", key_id: "", agent: "", type: "", resource: "" };
  for (let full = true; full; ) {
    const { at, user, key_id, agent, type, resource } = last;
    const rows = await database.read((sql) =>
      sql.all<DayRow>(text, tenant, to, at, user, key_id, agent, type, resource),
    );
    yield rows;
    last = rows.at(-1) ?? last;
    full = rows.length === slice;
    if (full) await nextTurn();
  }
}

/** Adds the oldest rows to the sums of their days and removes them; true when there may be more. */
export function fold(sql: Sql, before: number): boolean {
  const oldest = sql.get<{ id: number; at: number }>("SELECT id, at FROM ledger ORDER BY id LIMIT 1");
  if (oldest === undefined || oldest.at >= before) return false;
  const last = oldest.id + foldSlice;
  sql.run(
    `INSERT INTO ledger_days
       SELECT tenant, at - at % 86400000, user, key_id, agent, type, resource, min(sum(amount), ${MAX_AMOUNT}), min(sum(estimated), ${MAX_AMOUNT}), sum(charges),
         sum(input), sum(output), sum(cached), sum(reasoning)
       FROM ledger WHERE id < ? AND at < ? GROUP BY 1, 2, 3, 4, 5, 6, 7
     ON CONFLICT DO UPDATE SET amount = min(amount + excluded.amount, ${MAX_AMOUNT}),
       estimated = min(estimated + excluded.estimated, ${MAX_AMOUNT}),
       charges = charges + excluded.charges, input = input + excluded.input, output = output + excluded.output,
       cached = cached + excluded.cached, reasoning = reasoning + excluded.reasoning`,
    last,
    before,
  );
  sql.run("DELETE FROM ledger WHERE id < ? AND at < ?", last, before);
  return true;
}
