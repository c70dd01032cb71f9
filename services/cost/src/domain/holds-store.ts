/**
 * The port of cost: what an engine must be able to do. Every operation is atomic, durable when it resolves, and
 * decided on the store's own clock. Outcomes are values; only faults of the storage reject.
 */
import type { Attribution, Payer, TokenUsage } from "./charge.ts";
import type { LimitState, SettableScope } from "./limits.ts";
import type { UsageQuery, UsageReport } from "./usage.ts";

/** Reserve an amount. */
export interface HoldCommand {
  readonly holdId: string;
  readonly payer: Payer;
  readonly attribution: Attribution;
  /** Nano-dollars. */
  readonly amount: number;
  /** Cap over all charges of the run; undefined: none. */
  readonly runLimit: number | undefined;
  readonly timeToLiveMs: number;
}

/** `held` also answers a repeat; `expires` is in milliseconds since the epoch. */
export type HoldOutcome =
  | { readonly kind: "held"; readonly expires: number }
  | { readonly kind: "refused"; readonly limits: readonly LimitState[] }
  | { readonly kind: "conflict"; readonly amount: number };

/** Book what was spent. */
export interface SettleCommand {
  readonly tenant: string;
  readonly holdId: string;
  readonly amount: number;
  readonly tokens: TokenUsage;
  readonly estimated: boolean;
}

/** `booked`: `change` is what this call added to the ledger (negative when it corrected an estimate downwards). */
export type SettleOutcome =
  | { readonly kind: "booked"; readonly change: number; readonly overrun: number; readonly attribution: Attribution }
  | { readonly kind: "repeated"; readonly overrun: number }
  | { readonly kind: "conflict"; readonly amount: number }
  | { readonly kind: "released" }
  | { readonly kind: "unknown" };

/** What a release came to; a repeat is `released`, too. */
export type ReleaseOutcome = { readonly kind: "released" | "settled" | "unknown" };

/** A hold that nobody came back for. */
export interface ExpiredHold {
  readonly holdId: string;
  readonly tenant: string;
  readonly amount: number;
  readonly attribution: Attribution;
}

/** What `trim` may remove: everything that ended before these instants. */
export interface TrimCommand {
  /** Idempotency records of ended holds. */
  readonly holdsBefore: number;
  /** Ledger rows; they are summed up per day. */
  readonly ledgerBefore: number;
}

/** The store of holds, counters, limits and the ledger. */
export interface HoldsStore {
  /** Admits the amount against every limit or none. */
  hold(command: HoldCommand): Promise<HoldOutcome>;
  /** Books the amount in the windows in which the hold was taken; corrects the estimate of an expired hold. */
  settle(command: SettleCommand): Promise<SettleOutcome>;
  /** Gives a hold back; takes back the estimate of an expired hold. */
  release(tenant: string, holdId: string): Promise<ReleaseOutcome>;
  /** Charges up to `atMost` holds whose time is over in full, as estimates. Fewer than asked for: none is left. */
  expire(atMost: number): Promise<readonly ExpiredHold[]>;
  /** Sums of the ledger. */
  usage(query: UsageQuery): Promise<UsageReport>;
  /** Limits of the payer, then those set for its tenant that are not among them, with today's figures. */
  limits(payer: Payer): Promise<readonly LimitState[]>;
  /** Sets a tenant's limit, or removes it (undefined). False: the tenant has too many. */
  setLimit(limit: TenantLimit): Promise<boolean>;
  /** Removes some of what is too old; true when there may be more. */
  trim(command: TrimCommand): Promise<boolean>;
  /** Number of open holds. */
  openHolds(): Promise<number>;
}

/** A limit of one subject of a tenant. */
export interface TenantLimit {
  readonly tenant: string;
  readonly scope: SettableScope;
  /** Key id or user; empty for the tenant itself. */
  readonly subject: string;
  /** Nano-dollars; undefined: the default of the settings. */
  readonly amount: number | undefined;
}
