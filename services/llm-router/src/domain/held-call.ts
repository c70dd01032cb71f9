import { setTimeout as sleep } from "node:timers/promises";
import type { CallScope } from "@agentmesh/rpc/scope";
import type { CallRecord, CallResult, CallStatus } from "./call-record.ts";
import { errorOfFailure } from "./failure-error.ts";
import type { Usage } from "./generation.ts";
import { costOf, type Prices } from "./money.ts";
import type { Booking, HoldOrder, Holds, ProviderLimits } from "./ports.ts";
import { ProviderFailure } from "./provider-failure.ts";
import type { ProviderHealth } from "./provider-health.ts";
import { waitBeforeRetry } from "./retry.ts";
import type { Settlements } from "./settlements.ts";

/** What every call needs besides itself. */
export interface CallEnvironment {
  readonly holds: Holds;
  readonly settlements: Settlements;
  readonly health: ProviderHealth;
  /** Epoch milliseconds. */
  readonly clock: () => number;
  readonly random: () => number;
  /** Makes ids that are never the same again: 36 characters. */
  readonly newId: () => string;
  /** The most a call may take when its caller sets no nearer deadline. */
  readonly callTimeoutMs: number;
}

/** What is called and at which prices. */
export interface HeldCallInit {
  readonly scope: CallScope;
  readonly record: CallRecord;
  readonly provider: string;
  readonly model: string;
  readonly prices: Prices;
  readonly order: Omit<HoldOrder, "timeToLiveMs">;
  readonly deadline: number;
}

// The hold must outlive the call and the tries to settle it.
const HOLD_MARGIN_MS = 60_000;

/** A call that is paid for: its hold is closed exactly once, by what the call came to. */
export class HeldCall {
  readonly limits: ProviderLimits;
  private readonly environment: CallEnvironment;
  private readonly call: HeldCallInit;
  private readonly booking: Booking;
  private closed = false;

  private constructor(environment: CallEnvironment, call: HeldCallInit) {
    this.environment = environment;
    this.call = call;
    // The caller's own deadline comes as an abort of its signal, which says so; ours is the limit of a call.
    const callersOwn = call.scope.deadline === call.deadline;
    this.limits = { signal: call.scope.signal, deadline: callersOwn ? Number.POSITIVE_INFINITY : call.deadline };
    this.booking = { credential: call.scope.credential, span: call.record.span };
  }

  /** Takes the hold. @throws what the cost service says when it refuses */
  static async open(environment: CallEnvironment, call: HeldCallInit): Promise<HeldCall> {
    const held = new HeldCall(environment, call);
    const { signal, deadline, credential } = call.scope;
    const scope: CallScope = { signal, deadline, credential, span: call.record.span };
    const timeToLiveMs = Math.max(0, call.deadline - environment.clock()) + HOLD_MARGIN_MS;
    try {
      await environment.holds.hold(scope, { ...call.order, timeToLiveMs });
      return held;
    } catch (error) {
      held.holdFailed(error);
      throw error;
    }
  }

  /** Tries until it succeeds or the retry rule says no. What `attempt` rejects with must not have been delivered. */
  async withRetries<T>(attempt: () => Promise<T>): Promise<T> {
    const { record, scope, provider, deadline } = this.call;
    const { health, clock, random } = this.environment;
    for (;;) {
      record.attempts += 1;
      const started = performance.now();
      try {
        const result = await attempt();
        health.succeeded(provider, performance.now() - started);
        return result;
      } catch (error) {
        if (!(error instanceof ProviderFailure)) throw error;
        health.failed(provider, error);
        const situation = { tries: record.attempts, delivered: false, now: clock(), deadline, random: random() };
        const wait = waitBeforeRetry(error, situation);
        if (wait === undefined) throw error;
        record.retried(error, wait);
        await this.pause(wait, scope.signal);
      }
    }
  }

  /** Books an answer and reports the call. @returns the cost */
  async succeed(usage: Usage, result: Omit<CallResult, "usage" | "cost">): Promise<bigint> {
    const cost = costOf(this.call.prices, usage);
    this.closed = true;
    await this.environment.settlements.settle(this.booking, { holdId: this.call.order.holdId, amount: cost, usage });
    this.call.record.succeeded({ ...result, usage, cost });
    return cost;
  }

  /**
   * Closes the hold of a call that failed and reports it.
   * @param produced what is charged all the same; undefined: nothing
   * @returns the error for the caller
   */
  fail(error: unknown, produced: Usage | undefined, delivered: boolean): unknown {
    const failure = error instanceof ProviderFailure ? error : undefined;
    if (failure !== undefined && delivered) this.environment.health.failed(this.call.provider, failure);
    this.end(this.statusOf(failure, delivered), error, produced);
    if (this.call.scope.signal.aborted) return this.call.scope.signal.reason;
    return failure === undefined ? error : errorOfFailure(failure, this.call, delivered);
  }

  /** Closes the hold of a call whose caller left without a word. Does nothing when it is closed. */
  abandon(produced: () => Usage | undefined): void {
    if (!this.closed) this.end("cancelled", undefined, produced());
  }

  private end(status: Exclude<CallStatus, "ok">, error: unknown, produced: Usage | undefined): void {
    const { order, prices, record } = this.call;
    this.closed = true;
    if (produced === undefined) {
      void this.environment.settlements.release(this.booking, order.holdId);
      record.failed(status, error);
      return;
    }
    const cost = costOf(prices, produced);
    void this.environment.settlements.settle(this.booking, { holdId: order.holdId, amount: cost, usage: produced });
    record.failed(status, error, { usage: produced, cost, responseModel: this.call.model });
  }

  private statusOf(failure: ProviderFailure | undefined, delivered: boolean): Exclude<CallStatus, "ok"> {
    if (this.call.scope.signal.aborted) return "cancelled";
    if (failure === undefined) return "protocol";
    return delivered ? "interrupted" : failure.kind;
  }

  // A hold that was not refused may exist: its answer was lost. Left alone it would expire into a charge.
  private holdFailed(error: unknown): void {
    const { order, record, scope } = this.call;
    this.closed = true;
    const refused = this.environment.holds.refused(error);
    if (!refused) void this.environment.settlements.releaseIfTaken(this.booking, order.holdId);
    record.failed(scope.signal.aborted ? "cancelled" : refused ? "refused" : "unavailable", error);
  }

  private async pause(milliseconds: number, signal: AbortSignal): Promise<void> {
    try {
      await sleep(milliseconds, undefined, { signal });
    } catch (cause) {
      throw new ProviderFailure("cancelled", "the call was given up while it waited for its next try", {
        worked: false,
        cause,
      });
    }
  }
}
