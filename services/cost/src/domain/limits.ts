/** Which limits a hold counts towards, and the one rule that admits it. */
import type { CalendarWindow } from "./calendar.ts";
import type { Payer } from "./charge.ts";

/** What a limit counts; label `limit_scope` of the metrics. */
export type LimitScope = "request" | "run" | "key_month" | "user_day" | "tenant_month" | "global_day";
/** The limits that can be set per subject. */
export type SettableScope = "key_month" | "user_day" | "tenant_month";

/** The limits of the settings, in nano-dollars. */
export interface DefaultLimits {
  readonly request: number;
  readonly keyMonth: number;
  readonly userDay: number;
  readonly tenantMonth: number;
  readonly globalDay: number;
}

/** One counter of spending: what a limit is compared with. */
export interface CounterIdentity {
  readonly scope: Exclude<LimitScope, "request">;
  /** Unique over all tenants and windows: "user/2026-11-21/acme/ann". */
  readonly key: string;
  /** The run, key or user it counts; empty for tenant and global. */
  readonly subject: string;
  /** When the window ends, in milliseconds since the epoch; undefined for a run, whose end nobody knows. */
  readonly ends: number | undefined;
}

/**
 * The counters that a charge of this payer and run, taken in this window, counts in. A tenant never holds a "/",
 * so keys of different tenants cannot meet.
 */
export function countersOf(payer: Payer, runId: string, window: CalendarWindow): CounterIdentity[] {
  const { tenant, user, keyId } = payer;
  const { day, month, dayEnd, monthEnd } = window;
  const counters: CounterIdentity[] = [
    { scope: "tenant_month", key: `tenant/${month}/${tenant}`, subject: "", ends: monthEnd },
    { scope: "user_day", key: `user/${day}/${tenant}/${user}`, subject: user, ends: dayEnd },
    { scope: "global_day", key: `global/${day}`, subject: "", ends: dayEnd },
  ];
  if (keyId !== "") {
    counters.push({ scope: "key_month", key: `key/${month}/${tenant}/${keyId}`, subject: keyId, ends: monthEnd });
  }
  if (runId !== "") counters.push({ scope: "run", key: `run/${tenant}/${runId}`, subject: runId, ends: undefined });
  return counters;
}

/** A counter's figures beside its limit. */
export interface LimitState {
  readonly scope: LimitScope;
  readonly subject: string;
  readonly limit: number;
  /** Spent in the window, overruns included. */
  readonly settled: number;
  /** Reserved by open holds. */
  readonly held: number;
  /** When the window ends; undefined for request and run. */
  readonly ends: number | undefined;
}

/** The rule: nothing is admitted unless settled + held + amount <= limit. */
export function admits(figures: { readonly settled: number; readonly held: number }, amount: number, limit: number) {
  return figures.settled + figures.held + amount <= limit;
}

/** The limit of the settings; undefined for a run, whose cap comes with the hold. */
export function defaultLimitOf(scope: LimitScope, defaults: DefaultLimits): number | undefined {
  switch (scope) {
    case "request":
      return defaults.request;
    case "run":
      return undefined;
    case "key_month":
      return defaults.keyMonth;
    case "user_day":
      return defaults.userDay;
    case "tenant_month":
      return defaults.tenantMonth;
    case "global_day":
      return defaults.globalDay;
  }
}
