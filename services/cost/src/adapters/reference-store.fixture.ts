/** The promises of the port, written as plainly as possible: every figure is a sum over all holds there ever were. */
import { windowAt } from "../domain/calendar.ts";
import type { Attribution, Payer } from "../domain/charge.ts";
import type {
  HoldCommand,
  HoldOutcome,
  HoldsStore,
  ReleaseOutcome,
  SettleCommand,
  SettleOutcome,
} from "../domain/holds-store.ts";
import { countersOf, defaultLimitOf, type LimitState } from "../domain/limits.ts";
import type { StoreUnderTest } from "./holds-store.fixture.ts";

interface Kept {
  readonly command: HoldCommand;
  readonly expires: number;
  readonly keys: readonly string[];
  state: "open" | "settled" | "released" | "expired";
  charged: number;
  estimated: number;
}

/** What the properties compare with; only the operations that they use. */
export class ReferenceStore implements HoldsStore {
  readonly #subject: StoreUnderTest;
  readonly #holds = new Map<string, Kept>();

  constructor(subject: StoreUnderTest) {
    this.#subject = subject;
  }

  async hold(command: HoldCommand): Promise<HoldOutcome> {
    const { holdId, amount, payer, attribution } = command;
    const known = this.#holds.get(holdId);
    if (known !== undefined)
      return known.command.amount === amount
        ? { kind: "held", expires: known.expires }
        : { kind: "conflict", amount: known.command.amount };
    const states = this.#states(payer, attribution, command.runLimit);
    const refused = states.filter(({ settled, held, limit }) => settled + held + amount > limit);
    if (refused.length > 0) return { kind: "refused", limits: refused };
    const now = this.#subject.now;
    const expires = now + command.timeToLiveMs;
    const keys = countersOf(payer, attribution.runId, windowAt(now)).map(({ key }) => key);
    this.#holds.set(holdId, { command, expires, keys, state: "open", charged: 0, estimated: 0 });
    return { kind: "held", expires };
  }

  async settle({ holdId, amount }: SettleCommand): Promise<SettleOutcome> {
    const hold = this.#holds.get(holdId);
    if (hold === undefined) return { kind: "unknown" };
    const overrun = Math.max(0, amount - hold.command.amount);
    if (hold.state === "released") return { kind: "released" };
    if (hold.state === "settled")
      return hold.charged === amount ? { kind: "repeated", overrun } : { kind: "conflict", amount: hold.charged };
    const change = amount - hold.charged;
    Object.assign(hold, { state: "settled", charged: amount, estimated: 0 });
    return { kind: "booked", change, overrun, attribution: hold.command.attribution };
  }

  async release(_tenant: string, holdId: string): Promise<ReleaseOutcome> {
    const hold = this.#holds.get(holdId);
    if (hold === undefined) return { kind: "unknown" };
    if (hold.state === "settled") return { kind: "settled" };
    Object.assign(hold, { state: "released", charged: 0, estimated: 0 });
    return { kind: "released" };
  }

  async expire(atMost: number) {
    const due = [...this.#holds].filter(([, { state, expires }]) => state === "open" && expires <= this.#subject.now);
    return due.slice(0, atMost).map(([holdId, hold]) => {
      const { amount, payer, attribution } = hold.command;
      Object.assign(hold, { state: "expired", charged: amount, estimated: amount });
      return { holdId, tenant: payer.tenant, amount, attribution };
    });
  }

  async limits(payer: Payer): Promise<readonly LimitState[]> {
    return this.#states(payer, undefined, undefined);
  }

  async openHolds(): Promise<number> {
    return [...this.#holds.values()].filter(({ state }) => state === "open").length;
  }

  /** What the ledger must add up to. */
  charged() {
    const ended = [...this.#holds.values()].filter(({ state }) => state === "settled" || state === "expired");
    const sum = (figure: (hold: Kept) => number) => ended.reduce((total, hold) => total + figure(hold), 0);
    return {
      amount: sum(({ charged }) => charged),
      estimated: sum(({ estimated }) => estimated),
      charges: ended.length,
    };
  }

  usage(): never {
    throw new Error("not part of the reference");
  }

  setLimit(): never {
    throw new Error("not part of the reference");
  }

  trim(): never {
    throw new Error("not part of the reference");
  }

  #states(payer: Payer, attribution: Attribution | undefined, runLimit: number | undefined): LimitState[] {
    const request = {
      scope: "request",
      subject: "",
      limit: this.#subject.limits.request,
      settled: 0,
      held: 0,
      ends: undefined,
    } as const;
    const counters = countersOf(payer, attribution?.runId ?? "", windowAt(this.#subject.now));
    const states = counters.map(({ key, scope, subject, ends }): LimitState => {
      const counted = [...this.#holds.values()].filter(({ keys }) => keys.includes(key));
      const settled = counted.reduce((total, { charged }) => total + charged, 0);
      const open = counted.filter(({ state }) => state === "open");
      const held = open.reduce((total, { command }) => total + command.amount, 0);
      const limit =
        scope === "run" ? (runLimit ?? Number.POSITIVE_INFINITY) : (defaultLimitOf(scope, this.#subject.limits) ?? 0);
      return { scope, subject, limit, settled, held, ends };
    });
    return [request, ...states];
  }
}
