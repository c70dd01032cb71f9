import type { CalendarWindow } from "../../domain/calendar.ts";
import type { Payer } from "../../domain/charge.ts";
import {
  type CounterIdentity,
  countersOf,
  type DefaultLimits,
  defaultLimitOf,
  type LimitState,
} from "../../domain/limits.ts";
import type { Counter } from "./counters.ts";
import type { TenantLimits } from "./tenant-limits.ts";

/** What the list is made of. */
export interface ListLimitsInput {
  readonly payer: Payer;
  readonly window: CalendarWindow;
  readonly defaults: DefaultLimits;
  readonly tenantLimits: TenantLimits;
  readonly counterOf: (identity: CounterIdentity) => Counter;
}

/** The payer's own limits first, then those set for others of its tenant. */
export function listLimits({ payer, window, defaults, tenantLimits, counterOf }: ListLimitsInput): LimitState[] {
  const identities = countersOf(payer, "", window);
  const own = new Set(identities.map(({ key }) => key));
  for (const { scope, subject } of tenantLimits.of(payer.tenant)) {
    const other = scope === "key_month" ? { ...payer, keyId: subject } : { ...payer, user: subject };
    const identity = countersOf(other, "", window).find((candidate) => candidate.scope === scope);
    if (identity !== undefined && !own.has(identity.key)) identities.push(identity);
  }
  const request = {
    scope: "request",
    subject: "",
    limit: defaults.request,
    settled: 0,
    held: 0,
    ends: undefined,
  } as const;
  return [request, ...identities.map(stateOf)];

  function stateOf(identity: CounterIdentity): LimitState {
    const { scope, subject, ends } = identity;
    const { settled, held } = counterOf(identity);
    const set = tenantLimits.amount(payer.tenant, scope, subject);
    return { scope, subject, limit: set ?? defaultLimitOf(scope, defaults) ?? 0, settled, held, ends };
  }
}
