/** The port `Holds` in memory, for tests of this service's own rules; the real cost service is met in test/e2e. */
import type { CallScope } from "@agentmesh/rpc/scope";
import type { Booking, HoldOrder, Holds, SettleOrder } from "./ports.ts";

/** One hold and what became of it. */
export interface RecordedHold extends HoldOrder {
  state: "open" | "settled" | "released";
  settled?: SettleOrder;
  /** How often somebody tried to close it. */
  closings: number;
  tenant: string | undefined;
}

export class RecordingHolds implements Holds {
  readonly holds = new Map<string, RecordedHold>();
  /** Thrown by the next so many attempts to close a hold. */
  failures = 0;
  /** Thrown by hold, and whether it counts as a decision. */
  refusal: { error: Error; decided: boolean } | undefined;
  private changed: (() => void)[] = [];

  get all(): RecordedHold[] {
    return [...this.holds.values()];
  }

  async hold(scope: CallScope, order: HoldOrder): Promise<void> {
    if (this.refusal !== undefined) throw this.refusal.error;
    if (this.holds.has(order.holdId)) throw new Error(`hold ${order.holdId} was taken twice`);
    const tenant = scope.credential?.principal.tenant;
    this.holds.set(order.holdId, { ...order, state: "open", closings: 0, tenant });
  }

  refused(): boolean {
    return this.refusal?.decided ?? false;
  }

  async settle(_booking: Booking, order: SettleOrder): Promise<"done" | "gone"> {
    return this.close(order.holdId, { state: "settled", settled: order });
  }

  async release(_booking: Booking, holdId: string): Promise<"done" | "gone"> {
    return this.close(holdId, { state: "released" });
  }

  /** Resolves with the only hold once it is closed. */
  async closed(): Promise<RecordedHold> {
    for (;;) {
      const found = this.all.find(({ state }) => state !== "open");
      if (found !== undefined) return found;
      await new Promise<void>((resolve) => this.changed.push(resolve));
    }
  }

  private close(holdId: string, end: Pick<RecordedHold, "state"> & Partial<RecordedHold>): "done" | "gone" {
    const hold = this.holds.get(holdId);
    if (hold !== undefined) hold.closings += 1;
    if (this.failures > 0) {
      this.failures -= 1;
      throw new Error("the cost service does not answer");
    }
    if (hold === undefined || hold.state !== "open") return "gone";
    Object.assign(hold, end);
    for (const wake of this.changed.splice(0)) wake();
    return "done";
  }
}
