import { events, type Logger } from "@agentmesh/telemetry";
import { errors } from "../errors.ts";
import type { CostInstruments } from "../metrics.ts";
import { NANO_PER_USD } from "./amount.ts";
import { budgetExceeded } from "./budget-exceeded.ts";
import type { Attribution, Payer } from "./charge.ts";
import type { ExpiredHold, HoldCommand, HoldsStore, SettleCommand, SettleOutcome, TenantLimit } from "./holds-store.ts";
import type { LimitState } from "./limits.ts";
import type { UsageQuery, UsageReport } from "./usage.ts";

/** What budgets need. */
export interface BudgetsOptions {
  readonly store: HoldsStore;
  readonly logger: Logger;
  readonly instruments: CostInstruments;
}

/** Turns outcomes of the store into answers, errors, metrics and log events. */
export class Budgets {
  readonly #store: HoldsStore;
  readonly #logger: Logger;
  readonly #instruments: CostInstruments;

  constructor({ store, logger, instruments }: BudgetsOptions) {
    this.#store = store;
    this.#logger = logger;
    this.#instruments = instruments;
  }

  /**
   * Reserves an amount; returns when the hold expires, in milliseconds since the epoch.
   * @throws BUDGET_EXCEEDED with each limit that refused; HOLD_CONFLICT
   */
  async hold(command: HoldCommand): Promise<number> {
    const outcome = await this.#store.hold(command);
    switch (outcome.kind) {
      case "held":
        return outcome.expires;
      case "refused":
        this.#countRefusal(command, outcome.limits);
        throw budgetExceeded(command.amount, outcome.limits);
      case "conflict":
        throw errors.HOLD_CONFLICT({ metadata: { hold_id: command.holdId, held_nano_usd: String(outcome.amount) } });
    }
  }

  /**
   * Books what was spent; returns by how much it exceeded the hold.
   * @throws HOLD_NOT_FOUND, HOLD_RELEASED, SETTLE_CONFLICT
   */
  async settle(command: SettleCommand): Promise<number> {
    const outcome = await this.#store.settle(command);
    const { holdId } = command;
    switch (outcome.kind) {
      case "booked":
        this.#countCharge(outcome.attribution, outcome.change);
        if (outcome.overrun > 0) this.#countOverrun(command, outcome);
        return outcome.overrun;
      case "repeated":
        return outcome.overrun;
      case "conflict":
        throw errors.SETTLE_CONFLICT({ metadata: { hold_id: holdId, settled_nano_usd: String(outcome.amount) } });
      case "released":
        throw errors.HOLD_RELEASED({ metadata: { hold_id: holdId } });
      case "unknown":
        throw errors.HOLD_NOT_FOUND({ metadata: { hold_id: holdId } });
    }
  }

  /**
   * Gives a hold back unspent.
   * @throws HOLD_NOT_FOUND, HOLD_SETTLED
   */
  async release(tenant: string, holdId: string): Promise<void> {
    const { kind } = await this.#store.release(tenant, holdId);
    if (kind === "unknown") throw errors.HOLD_NOT_FOUND({ metadata: { hold_id: holdId } });
    if (kind === "settled") throw errors.HOLD_SETTLED({ metadata: { hold_id: holdId } });
  }

  /** Charges some of the holds whose time is over; true when there may be more. */
  async expireSome(atMost: number): Promise<boolean> {
    const expired = await this.#store.expire(atMost);
    for (const hold of expired) this.#countExpiry(hold);
    this.#instruments.holdsOpen.set(await this.#store.openHolds());
    return expired.length >= atMost;
  }

  /** @throws USAGE_TOO_LARGE */
  usage(query: UsageQuery): Promise<UsageReport> {
    return this.#store.usage(query);
  }

  limits(payer: Payer): Promise<readonly LimitState[]> {
    return this.#store.limits(payer);
  }

  /** @throws TOO_MANY_LIMITS */
  async setLimit(limit: TenantLimit): Promise<void> {
    if (!(await this.#store.setLimit(limit))) throw errors.TOO_MANY_LIMITS();
  }

  #countRefusal({ payer, attribution, amount }: HoldCommand, limits: readonly LimitState[]): void {
    for (const { scope } of limits) this.#instruments.holdsRejected.add(1, { limit_scope: scope });
    this.#logger.event(events.budgetExceeded, {
      limit: limits.map(({ scope }) => scope).join(","),
      tenant: payer.tenant,
      agent_id: attribution.agentId,
      amount_nano_usd: String(amount),
    });
  }

  /** A counter only grows: an estimate corrected downwards shows in the ledger, not here. */
  #countCharge({ agentId, type }: Attribution, change: number): void {
    this.#instruments.cost.add(change / NANO_PER_USD, { agent_id: agentId, cost_type: type });
  }

  #countOverrun({ holdId, tenant }: SettleCommand, booked: Extract<SettleOutcome, { kind: "booked" }>): void {
    const { overrun, attribution } = booked;
    this.#instruments.overruns.add(1, { cost_type: attribution.type });
    this.#instruments.overrunUsd.add(overrun / NANO_PER_USD, { cost_type: attribution.type });
    const fields = { hold_id: holdId, overrun_nano_usd: String(overrun), tenant, agent_id: attribution.agentId };
    this.#logger.event(events.budgetOverrun, fields);
  }

  #countExpiry({ holdId, tenant, amount, attribution }: ExpiredHold): void {
    this.#countCharge(attribution, amount);
    this.#instruments.holdsExpired.add(1);
    this.#logger.event(events.holdExpired, { hold_id: holdId, amount_nano_usd: String(amount), tenant });
  }
}
