import type { Sql } from "@agentmesh/state";
import type { TenantLimit } from "../../domain/holds-store.ts";
import type { LimitScope, SettableScope } from "../../domain/limits.ts";

/** Limits one tenant may set: ListLimits answers them all. */
export const mostLimitsPerTenant = 1_000;

interface LimitRow {
  tenant: string;
  scope: SettableScope;
  subject: string;
  amount: number;
}

/** The limits that tenants set, all in memory: there are few, and every hold asks for three. */
export class TenantLimits {
  readonly #tenants = new Map<string, Map<string, LimitRow>>();

  load(sql: Sql): void {
    this.#tenants.clear();
    for (const row of sql.all<LimitRow>("SELECT tenant, scope, subject, amount FROM limits")) this.#remember(row);
  }

  /** What the tenant set for a subject; undefined: nothing. */
  amount(tenant: string, scope: LimitScope, subject: string): number | undefined {
    return this.#tenants.get(tenant)?.get(keyOf(scope, subject))?.amount;
  }

  of(tenant: string): Iterable<Readonly<LimitRow>> {
    return this.#tenants.get(tenant)?.values() ?? [];
  }

  /** False: the tenant has too many. */
  set(sql: Sql, { tenant, scope, subject, amount }: TenantLimit): boolean {
    const limits = this.#tenants.get(tenant);
    if (amount === undefined) {
      sql.run("DELETE FROM limits WHERE tenant = ? AND scope = ? AND subject = ?", tenant, scope, subject);
      limits?.delete(keyOf(scope, subject));
      if (limits?.size === 0) this.#tenants.delete(tenant);
      return true;
    }
    const full = (limits?.size ?? 0) >= mostLimitsPerTenant;
    if (full && limits?.has(keyOf(scope, subject)) !== true) return false;
    sql.run(
      "INSERT OR REPLACE INTO limits (tenant, scope, subject, amount) VALUES (?, ?, ?, ?)",
      tenant,
      scope,
      subject,
      amount,
    );
    this.#remember({ tenant, scope, subject, amount });
    return true;
  }

  #remember(row: LimitRow): void {
    let limits = this.#tenants.get(row.tenant);
    if (limits === undefined) {
      limits = new Map();
      this.#tenants.set(row.tenant, limits);
    }
    limits.set(keyOf(row.scope, row.subject), row);
  }
}

function keyOf(scope: LimitScope, subject: string): string {
  return subject === "" ? scope : `${scope}/${subject}`;
}
