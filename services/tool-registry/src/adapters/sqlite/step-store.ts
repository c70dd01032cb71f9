import type { Database, Sql } from "@agentmesh/state";
import type { ClaimOutcome, StepClaim, StepStore } from "../../domain/step-store.ts";
import type { ToolErrorReason, ToolResult } from "../../domain/tool.ts";

/** A row of `steps`, as far as a claim looks at it. */
interface StepRow {
  readonly hash: string;
  readonly state: number;
  readonly lease_ends: number;
  readonly content: string;
  readonly error: ToolErrorReason | null;
}

/** A claim of an idempotent tool. */
interface Lease {
  readonly fence: number;
  readonly hash: string;
  readonly ends: number;
}

const done = 1;
/** Steps removed in one go: a few milliseconds. */
const slice = 200;
const find = "SELECT hash, state, lease_ends, content, error FROM steps WHERE tenant = ? AND run = ? AND step = ?";

/**
 * Steps in SQLite. The file has one owner, so a claim of an idempotent tool lives in its memory: it would die with the
 * owner anyway, and then the tool just runs again. Only tools with effects are leased in the file before they run.
 */
export class SqliteStepStore implements StepStore {
  readonly #database: Database;
  readonly #clock: () => number;
  readonly #leases = new Map<string, Lease>();
  #lastFence = 0;

  private constructor(database: Database, clock: () => number) {
    this.#database = database;
    this.#clock = clock;
  }

  /** Opens the store. Whoever held a lease in this file is gone: the file has one owner, and it is this one now. */
  static async open(database: Database, clock: () => number): Promise<SqliteStepStore> {
    await database.run("UPDATE steps SET lease_ends = 0 WHERE state = 0");
    return new SqliteStepStore(database, clock);
  }

  claim(step: StepClaim): Promise<ClaimOutcome> {
    return step.idempotent
      ? this.#database.read((sql) => this.#claimInMemory(sql, step))
      : this.#database.write((sql) => this.#claimInFile(sql, step));
  }

  async complete(step: StepClaim, fence: number, result: ToolResult): Promise<boolean> {
    if (step.idempotent && !this.#endLease(step, fence)) return false;
    const { changes } = step.idempotent
      ? await this.#insertResult(step, result)
      : await this.#updateResult(step, result);
    return changes === 1;
  }

  async abandon(step: StepClaim, fence: number): Promise<void> {
    this.#endLease(step, fence);
  }

  async trim(before: number): Promise<boolean> {
    return this.#database.write((sql) => {
      const oldest = sql.get<{ id: number; created: number }>("SELECT id, created FROM steps ORDER BY id LIMIT 1");
      if (oldest === undefined || oldest.created >= before) return false;
      sql.run("DELETE FROM steps WHERE id < ? AND created < ?", oldest.id + slice, before);
      return true;
    });
  }

  #claimInMemory(sql: Sql, step: StepClaim): ClaimOutcome {
    const now = this.#clock();
    const key = keyOf(step);
    const lease = this.#leases.get(key);
    if (lease !== undefined && lease.ends > now) {
      return lease.hash === step.hash ? { kind: "running", leftMs: lease.ends - now } : { kind: "conflict" };
    }
    const row = sql.get<StepRow>(find, step.tenant, step.runId, step.stepKey);
    const known = row === undefined ? undefined : this.#outcomeOf(row, step, now);
    // A lease of a tool that had effects when it was claimed and is idempotent by now: it may run again.
    if (known !== undefined && known.kind !== "uncertain") return known;
    const fence = ++this.#lastFence;
    this.#leases.set(key, { fence, hash: step.hash, ends: now + step.leaseMs });
    return { kind: "claimed", fence };
  }

  #claimInFile(sql: Sql, step: StepClaim): ClaimOutcome {
    const { tenant, runId, stepKey, user, tool, hash, leaseMs } = step;
    const now = this.#clock();
    const { changes } = sql.run(
      `INSERT INTO steps (tenant, run, step, user, tool, hash, created, state, lease_ends)
         VALUES (?, ?, ?, ?, ?, ?, ?, 0, ?) ON CONFLICT (tenant, run, step) DO NOTHING`,
      tenant,
      runId,
      stepKey,
      user,
      tool,
      hash,
      now,
      now + leaseMs,
    );
    if (changes === 1) return { kind: "claimed", fence: 0 };
    const row = sql.get<StepRow>(find, tenant, runId, stepKey);
    if (row === undefined) throw new Error("a step that exists cannot be found");
    return this.#outcomeOf(row, step, now);
  }

  #outcomeOf(row: StepRow, step: StepClaim, now: number): ClaimOutcome {
    if (row.hash !== step.hash) return { kind: "conflict" };
    if (row.state === done)
      return { kind: "recorded", result: { content: row.content, error: row.error ?? undefined } };
    return row.lease_ends > now ? { kind: "running", leftMs: row.lease_ends - now } : { kind: "uncertain" };
  }

  /** False when another claim has taken over. The lease ends whatever becomes of the result. */
  #endLease(step: StepClaim, fence: number): boolean {
    const key = keyOf(step);
    return this.#leases.get(key)?.fence === fence && this.#leases.delete(key);
  }

  #insertResult(step: StepClaim, { content, error }: ToolResult): Promise<{ readonly changes: number }> {
    return this.#database.run(
      `INSERT INTO steps (tenant, run, step, user, tool, hash, created, state, lease_ends, content, error)
         VALUES (?, ?, ?, ?, ?, ?, ?, 1, 0, ?, ?)
       ON CONFLICT (tenant, run, step) DO UPDATE SET state = 1, content = excluded.content, error = excluded.error
         WHERE state = 0`,
      step.tenant,
      step.runId,
      step.stepKey,
      step.user,
      step.tool,
      step.hash,
      this.#clock(),
      content,
      error ?? null,
    );
  }

  #updateResult(step: StepClaim, { content, error }: ToolResult): Promise<{ readonly changes: number }> {
    return this.#database.run(
      "UPDATE steps SET state = 1, content = ?, error = ? WHERE tenant = ? AND run = ? AND step = ? AND state = 0",
      content,
      error ?? null,
      step.tenant,
      step.runId,
      step.stepKey,
    );
  }
}

function keyOf({ tenant, runId, stepKey }: StepClaim): string {
  return `${tenant}\0${runId}\0${stepKey}`;
}
