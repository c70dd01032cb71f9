import type { CostService } from "@agentmesh/contracts/cost/v1/cost";
import type { UsageService } from "@agentmesh/contracts/gateway/v1/usage_service";
import { callOptionsOf, scopeOf } from "@agentmesh/rpc";
import type { Client, ServiceImpl } from "@connectrpc/connect";
import { errors } from "../errors.ts";
import { optional } from "./optional.ts";

/** UsageService over cost. */
export function usageService(cost: Client<typeof CostService>): ServiceImpl<typeof UsageService> {
  return {
    async getUsage(request, context) {
      const { groupBy, user, runId } = request;
      const query = { groupBy, user, runId, ...optional(request, "from"), ...optional(request, "to") };
      const usage = await cost.getUsage(query, callOptionsOf(scopeOf(context)));
      return { rows: usage.rows, ...optional(usage, "total") };
    },
    async listLimits(_request, context) {
      const { limits } = await cost.listLimits({}, callOptionsOf(scopeOf(context)));
      return { limits };
    },
    async setLimit({ limit: state }, context) {
      if (state === undefined) {
        const fields = [{ field: "limit", description: "must be set" }];
        throw errors.INVALID_REQUEST({ message: "limit must be set", fields });
      }
      const { scope, subject } = state;
      await cost.setLimit({ scope, subject, ...optional(state, "limit") }, callOptionsOf(scopeOf(context)));
      return {};
    },
  };
}
