import { type CostService, CostType } from "@agentmesh/contracts/cost/v1/cost";
import { callOptionsOf } from "@agentmesh/rpc";
import type { CallScope } from "@agentmesh/rpc/scope";
import type { Client } from "@connectrpc/connect";
import type { Costs } from "../../domain/ports.ts";
import { answered } from "./dependency-error.ts";
import { contractMoney } from "./message-codec.ts";

/** Money by way of cost. */
export class MeshCosts implements Costs {
  readonly #cost: Client<typeof CostService>;

  constructor(cost: Client<typeof CostService>) {
    this.#cost = cost;
  }

  async hold(scope: CallScope, { holdId, amountNanoUsd, resource, attribution }: Parameters<Costs["hold"]>[1]) {
    const { agentId, runId, runLimitNanoUsd } = attribution;
    const request = {
      holdId,
      amount: contractMoney(amountNanoUsd),
      attribution: { agentId, runId, type: CostType.TOOL, resource },
      ...(runLimitNanoUsd === undefined ? {} : { runLimit: contractMoney(runLimitNanoUsd) }),
    };
    await answered(this.#cost.hold(request, callOptionsOf(scope)));
  }

  async settle(scope: CallScope, holdId: string, amountNanoUsd: number): Promise<void> {
    await answered(this.#cost.settle({ holdId, amount: contractMoney(amountNanoUsd) }, callOptionsOf(scope)));
  }

  async release(scope: CallScope, holdId: string): Promise<void> {
    await answered(this.#cost.release({ holdId }, callOptionsOf(scope)));
  }
}
