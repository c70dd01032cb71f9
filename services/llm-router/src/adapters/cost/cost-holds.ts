import { type CostService, CostType } from "@agentmesh/contracts/cost/v1/cost";
import { callOptionsOf, errorInfoOf } from "@agentmesh/rpc";
import type { CallScope } from "@agentmesh/rpc/scope";
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import type { CallOptions, Client } from "@connectrpc/connect";
import type { Booking, HoldOrder, Holds, SettleOrder } from "../../domain/ports.ts";

const COST_DOMAIN = "cost.agentmesh";
// What closes a hold must reach the cost service whatever becomes of the call, but not wait for it forever.
const BOOKING_TIMEOUT_MS = 5_000;
const FINAL = new Set(["HOLD_NOT_FOUND", "HOLD_RELEASED", "HOLD_SETTLED", "SETTLE_CONFLICT"]);
const TYPES = { model: CostType.MODEL, embedding: CostType.EMBEDDING };
const NEVER = new AbortController().signal;

/** Holds in the cost service. */
export class CostHolds implements Holds {
  private readonly client: Client<typeof CostService>;
  private readonly clock: () => number;

  constructor(client: Client<typeof CostService>, clock: () => number) {
    this.client = client;
    this.clock = clock;
  }

  async hold(scope: CallScope, order: HoldOrder): Promise<void> {
    const { agentId, runId, runLimit } = order.attribution;
    const attribution = { agentId, runId, type: TYPES[order.type], resource: order.resource };
    const request = {
      holdId: order.holdId,
      amount: { nanoUsd: order.amount },
      attribution,
      timeToLive: durationFromMs(Math.ceil(order.timeToLiveMs)),
    };
    const capped = runLimit === undefined ? request : { ...request, runLimit: { nanoUsd: runLimit } };
    await this.client.hold(capped, callOptionsOf(scope));
  }

  refused(error: unknown): boolean {
    return errorInfoOf(error)?.domain === COST_DOMAIN;
  }

  settle(booking: Booking, { holdId, amount, usage }: SettleOrder): Promise<"done" | "gone"> {
    const tokens = {
      inputTokens: BigInt(usage.inputTokens),
      outputTokens: BigInt(usage.outputTokens),
      cachedInputTokens: BigInt(usage.cachedInputTokens),
      reasoningTokens: BigInt(usage.reasoningTokens),
      estimated: usage.estimated,
    };
    const request = { holdId, amount: { nanoUsd: amount }, usage: tokens, estimated: usage.estimated };
    return outcome(this.client.settle(request, this.optionsOf(booking)));
  }

  release(booking: Booking, holdId: string): Promise<"done" | "gone"> {
    return outcome(this.client.release({ holdId }, this.optionsOf(booking)));
  }

  // Without a signal: bookings outlive the calls they belong to.
  private optionsOf({ credential, span }: Booking): CallOptions {
    const deadline = this.clock() + BOOKING_TIMEOUT_MS;
    const { signal: _, ...options } = callOptionsOf({ signal: NEVER, deadline, credential, span });
    return options;
  }
}

async function outcome(call: Promise<unknown>): Promise<"done" | "gone"> {
  try {
    await call;
    return "done";
  } catch (error) {
    const info = errorInfoOf(error);
    if (info?.domain === COST_DOMAIN && FINAL.has(info.reason)) return "gone";
    throw error;
  }
}
