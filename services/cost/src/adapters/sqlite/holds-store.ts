import type { Database, Sql } from "@agentmesh/state";
import { addAmount } from "../../domain/amount.ts";
import { type CalendarWindow, rememberingCalendar } from "../../domain/calendar.ts";
import { type Attribution, NO_TOKENS, type Payer } from "../../domain/charge.ts";
import type {
  ExpiredHold,
  HoldCommand,
  HoldOutcome,
  HoldsStore,
  ReleaseOutcome,
  SettleCommand,
  SettleOutcome,
  TenantLimit,
  TrimCommand,
} from "../../domain/holds-store.ts";
import {
  admits,
  countersOf,
  type DefaultLimits,
  defaultLimitOf,
  type LimitScope,
  type LimitState,
} from "../../domain/limits.ts";
import type { UsageQuery, UsageReport } from "../../domain/usage.ts";
import { Batches } from "./batches.ts";
import { type Counter, Counters } from "./counters.ts";
import { attributionOf, endHold, findHold, type HoldRow, holdState, insertHold, openHolds, payerOf } from "./holds.ts";
import { append, sumUp } from "./ledger.ts";
import { listLimits } from "./list-limits.ts";
import { TenantLimits } from "./tenant-limits.ts";
import { Trim } from "./trim.ts";

/** What the store needs. */
export interface SqliteHoldsStoreOptions {
  readonly database: Database;
  readonly clock: () => number;
  readonly limits: DefaultLimits;
  /** A run's counter is forgotten when the run was not charged for this long. */
  readonly runRetentionMs: number;
}

/** An open hold as its owner remembers it. */
interface OpenHold {
  readonly id: number;
  readonly holdId: string;
  readonly payer: Payer;
  readonly attribution: Attribution;
  readonly amount: number;
  readonly taken: number;
  readonly expires: number;
  readonly counters: readonly Counter[];
}

/** How an open hold ends. */
interface Ending {
  readonly state: number;
  readonly amount: number;
  readonly estimated: number;
  readonly tokens: SettleCommand["tokens"];
}

/**
 * Holds in SQLite. The store is the only owner of its file, so it decides on what it remembers of it: all open holds,
 * the settled counters in use, the limits that were set. A hold is one INSERT, a settlement an UPDATE and an INSERT;
 * changed counters are written once per batch. When a batch is lost, everything is read again.
 */
export class SqliteHoldsStore implements HoldsStore {
  readonly #database: Database;
  readonly #clock: () => number;
  readonly #defaults: DefaultLimits;
  readonly #windowAt: (instant: number) => CalendarWindow = rememberingCalendar();
  readonly #batches: Batches;
  readonly #counters: Counters;
  readonly #limits = new TenantLimits();
  readonly #open = new Map<string, OpenHold>();
  readonly #trim = new Trim();
  #loaded = false;
  #nextId = 1;
  /** No open hold expires before. */
  #nextExpiry = Number.POSITIVE_INFINITY;

  constructor({ database, clock, limits, runRetentionMs }: SqliteHoldsStoreOptions) {
    this.#database = database;
    this.#clock = clock;
    this.#defaults = limits;
    this.#counters = new Counters({ clock, runRetentionMs });
    this.#batches = new Batches(database, {
      begin: (sql) => this.#load(sql),
      end: (sql) => this.#counters.flush(sql),
      lost: () => {
        this.#loaded = false;
      },
    });
  }

  hold(command: HoldCommand): Promise<HoldOutcome> {
    return this.#batches.add((sql) => this.#hold(sql, command));
  }

  settle(command: SettleCommand): Promise<SettleOutcome> {
    return this.#batches.add((sql) => {
      const hold = this.#open.get(openKey(command.tenant, command.holdId));
      return hold === undefined ? this.#settleEnded(sql, command) : this.#settleOpen(sql, hold, command);
    });
  }

  release(tenant: string, holdId: string): Promise<ReleaseOutcome> {
    return this.#batches.add((sql) => this.#release(sql, tenant, holdId));
  }

  expire(atMost: number): Promise<readonly ExpiredHold[]> {
    return this.#batches.add((sql) => this.#expire(sql, atMost));
  }

  usage(query: UsageQuery): Promise<UsageReport> {
    return sumUp(this.#database, query);
  }

  limits(payer: Payer): Promise<readonly LimitState[]> {
    return this.#batches.add((sql) =>
      listLimits({
        payer,
        window: this.#windowAt(this.#clock()),
        defaults: this.#defaults,
        tenantLimits: this.#limits,
        counterOf: (identity) => this.#counters.get(sql, identity),
      }),
    );
  }

  setLimit(limit: TenantLimit): Promise<boolean> {
    return this.#batches.add((sql) => this.#limits.set(sql, limit));
  }

  trim(command: TrimCommand): Promise<boolean> {
    return this.#batches.add((sql) => this.#trim.step(sql, command, this.#clock()));
  }

  openHolds(): Promise<number> {
    return this.#batches.add(() => this.#open.size);
  }

  #hold(sql: Sql, command: HoldCommand): HoldOutcome {
    const { payer, holdId, amount } = command;
    const known = this.#open.get(openKey(payer.tenant, holdId));
    if (known !== undefined) return repeatOf(known, amount);
    const taken = this.#clock();
    const identities = countersOf(payer, command.attribution.runId, this.#windowAt(taken));
    const counters = identities.map((identity) => this.#counters.get(sql, identity));
    const refused = this.#refusedBy(command, counters);
    if (refused.length > 0) {
      const ended = findHold(sql, payer.tenant, holdId);
      return ended === undefined ? { kind: "refused", limits: refused } : repeatOf(ended, amount);
    }
    const expires = taken + command.timeToLiveMs;
    if (!insertHold(sql, command, { id: this.#nextId, taken, expires })) return this.#repeatOfEnded(sql, command);
    const { attribution } = command;
    this.#remember({ id: this.#nextId++, holdId, payer, attribution, amount, taken, expires, counters });
    return { kind: "held", expires };
  }

  #repeatOfEnded(sql: Sql, { payer, holdId, amount }: HoldCommand): HoldOutcome {
    const ended = findHold(sql, payer.tenant, holdId);
    if (ended === undefined) throw new Error("a hold that exists cannot be found");
    return repeatOf(ended, amount);
  }

  /** The limits that do not admit the hold. */
  #refusedBy({ payer, amount, runLimit }: HoldCommand, counters: readonly Counter[]): LimitState[] {
    const refused: LimitState[] = [];
    const { request } = this.#defaults;
    if (amount > request) {
      refused.push({ scope: "request", subject: "", limit: request, settled: 0, held: 0, ends: undefined });
    }
    for (const counter of counters) {
      const { scope, subject, ends } = counter.identity;
      const limit = scope === "run" ? runLimit : this.#limitOf(payer.tenant, scope, subject);
      if (limit === undefined || admits(counter, amount, limit)) continue;
      refused.push({ scope, subject, limit, settled: counter.settled, held: counter.held, ends });
    }
    return refused;
  }

  #limitOf(tenant: string, scope: LimitScope, subject: string): number | undefined {
    return this.#limits.amount(tenant, scope, subject) ?? defaultLimitOf(scope, this.#defaults);
  }

  #settleOpen(sql: Sql, hold: OpenHold, command: SettleCommand): SettleOutcome {
    const { amount, tokens } = command;
    this.#end(sql, hold, { state: holdState.settled, amount, estimated: command.estimated ? amount : 0, tokens });
    return {
      kind: "booked",
      change: amount,
      overrun: Math.max(0, amount - hold.amount),
      attribution: hold.attribution,
    };
  }

  #settleEnded(sql: Sql, command: SettleCommand): SettleOutcome {
    const row = findHold(sql, command.tenant, command.holdId);
    if (row === undefined) return { kind: "unknown" };
    if (row.state === holdState.released) return { kind: "released" };
    const overrun = Math.max(0, command.amount - row.amount);
    if (row.state === holdState.expired) {
      this.#correct(sql, row, command);
      return { kind: "booked", change: command.amount - row.charged, overrun, attribution: attributionOf(row) };
    }
    return row.charged === command.amount ? { kind: "repeated", overrun } : { kind: "conflict", amount: row.charged };
  }

  #release(sql: Sql, tenant: string, holdId: string): ReleaseOutcome {
    const hold = this.#open.get(openKey(tenant, holdId));
    if (hold !== undefined) {
      endHold(sql, hold.id, { state: holdState.released, charged: 0, ended: this.#clock() });
      this.#forget(hold);
      return { kind: "released" };
    }
    const row = findHold(sql, tenant, holdId);
    if (row === undefined) return { kind: "unknown" };
    if (row.state === holdState.settled) return { kind: "settled" };
    if (row.state === holdState.expired) this.#correct(sql, row, undefined);
    return { kind: "released" };
  }

  /** Replaces the estimated charge of an expired hold by what was spent, or by nothing. */
  #correct(sql: Sql, row: HoldRow, settled: SettleCommand | undefined): void {
    const amount = settled?.amount ?? 0;
    const change = amount - row.charged;
    const state = settled === undefined ? holdState.released : holdState.settled;
    endHold(sql, row.id, { state, charged: amount, ended: this.#clock() });
    const payer = payerOf(row);
    append(sql, {
      payer,
      attribution: attributionOf(row),
      holdId: row.hold_id,
      at: row.taken,
      amount: change,
      estimated: (settled?.estimated === true ? amount : 0) - row.charged,
      charges: settled === undefined ? -1 : 0,
      tokens: settled?.tokens ?? NO_TOKENS,
    });
    for (const identity of countersOf(payer, row.run, this.#windowAt(row.taken))) {
      this.#counters.settle(this.#counters.get(sql, identity), change);
    }
  }

  #expire(sql: Sql, atMost: number): ExpiredHold[] {
    const now = this.#clock();
    const expired: ExpiredHold[] = [];
    if (now < this.#nextExpiry) return expired;
    let next = Number.POSITIVE_INFINITY;
    for (const hold of this.#open.values()) {
      if (hold.expires > now || expired.length >= atMost) {
        next = Math.min(next, hold.expires);
        continue;
      }
      const { holdId, payer, amount, attribution } = hold;
      this.#end(sql, hold, { state: holdState.expired, amount, estimated: amount, tokens: NO_TOKENS });
      expired.push({ holdId, tenant: payer.tenant, amount, attribution });
    }
    this.#nextExpiry = next;
    return expired;
  }

  /** Ends an open hold with a charge. */
  #end(sql: Sql, hold: OpenHold, { state, amount, estimated, tokens }: Ending): void {
    const { payer, attribution, holdId, taken, counters } = hold;
    endHold(sql, hold.id, { state, charged: amount, ended: this.#clock() });
    append(sql, { payer, attribution, holdId, at: taken, amount, estimated, charges: 1, tokens });
    this.#forget(hold);
    for (const counter of counters) this.#counters.settle(counter, amount);
  }

  #remember(hold: OpenHold): void {
    this.#open.set(openKey(hold.payer.tenant, hold.holdId), hold);
    if (hold.expires < this.#nextExpiry) this.#nextExpiry = hold.expires;
    for (const counter of hold.counters) {
      counter.held = addAmount(counter.held, hold.amount);
      counter.open++;
    }
  }

  #forget(hold: OpenHold): void {
    this.#open.delete(openKey(hold.payer.tenant, hold.holdId));
    for (const counter of hold.counters) {
      counter.held = addAmount(counter.held, -hold.amount);
      counter.open--;
    }
  }

  /** Reads everything from the database, at the start and when a batch was lost. */
  #load(sql: Sql): void {
    if (this.#loaded) return;
    this.#counters.clear();
    this.#open.clear();
    this.#nextExpiry = Number.POSITIVE_INFINITY;
    this.#limits.load(sql);
    this.#nextId = (sql.get<{ id: number | null }>("SELECT max(id) AS id FROM holds")?.id ?? 0) + 1;
    for (const row of openHolds(sql)) this.#remember(this.#openHoldOf(sql, row));
    this.#loaded = true;
  }

  #openHoldOf(sql: Sql, row: HoldRow): OpenHold {
    const payer = payerOf(row);
    const identities = countersOf(payer, row.run, this.#windowAt(row.taken));
    const counters = identities.map((identity) => this.#counters.get(sql, identity));
    const { id, hold_id: holdId, amount, taken, expires } = row;
    return { id, holdId, payer, attribution: attributionOf(row), amount, taken, expires, counters };
  }
}

function openKey(tenant: string, holdId: string): string {
  return `${tenant}/${holdId}`;
}

function repeatOf(hold: { readonly amount: number; readonly expires: number }, amount: number): HoldOutcome {
  return hold.amount === amount ? { kind: "held", expires: hold.expires } : { kind: "conflict", amount: hold.amount };
}
