import {
  LimitScope as ContractScope,
  type CostService,
  HoldResponseSchema,
  ReleaseResponseSchema,
  SetLimitResponseSchema,
  SettleResponseSchema,
} from "@agentmesh/contracts/cost/v1/cost";
import { scopeOf } from "@agentmesh/rpc";
import type { Principal } from "@agentmesh/rpc/scope";
import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { ServiceImpl } from "@connectrpc/connect";
import type { Budgets } from "./domain/budgets.ts";
import type { LimitScope, LimitState } from "./domain/limits.ts";
import type { UsageSum } from "./domain/usage.ts";
import { holdCommandOf, holdIdOf, payerOf, settleCommandOf, tenantLimitOf, usageQueryOf } from "./requests.ts";

const scopes: Readonly<Record<LimitScope, ContractScope>> = {
  request: ContractScope.REQUEST,
  run: ContractScope.RUN,
  key_month: ContractScope.KEY_MONTH,
  user_day: ContractScope.USER_DAY,
  tenant_month: ContractScope.TENANT_MONTH,
  global_day: ContractScope.GLOBAL_DAY,
};

/** The RPCs of cost over its domain. */
export function costService(budgets: Budgets, clock: () => number): ServiceImpl<typeof CostService> {
  return {
    async hold(request, context) {
      const expires = await budgets.hold(holdCommandOf(request, payerOf(scopeOf(context))));
      return create(HoldResponseSchema, { expires: timestampFromMs(expires) });
    },
    async settle(request, context) {
      const overrun = await budgets.settle(settleCommandOf(request, payerOf(scopeOf(context))));
      return create(SettleResponseSchema, overrun === 0 ? {} : { overrun: { nanoUsd: BigInt(overrun) } });
    },
    async release(request, context) {
      await budgets.release(payerOf(scopeOf(context)).tenant, holdIdOf(request));
      return create(ReleaseResponseSchema);
    },
    async getUsage(request, context) {
      const { rows, total } = await budgets.usage(usageQueryOf(request, payerOf(scopeOf(context)), clock()));
      return { rows: rows.map(usageRow), total: usageRow(total) };
    },
    async listLimits(_request, context) {
      const scope = scopeOf(context);
      const limits = await budgets.limits(payerOf(scope));
      return { limits: limits.map((state) => limitMessage(state, scope.credential?.principal)) };
    },
    async setLimit(request, context) {
      await budgets.setLimit(tenantLimitOf(request, payerOf(scopeOf(context))));
      return create(SetLimitResponseSchema);
    },
  };
}

function usageRow({ key, amount, estimated, charges, tokens }: UsageSum) {
  return {
    key,
    amount: moneyOf(amount),
    estimated: moneyOf(estimated),
    charges: BigInt(charges),
    usage: {
      inputTokens: BigInt(tokens.input),
      outputTokens: BigInt(tokens.output),
      cachedInputTokens: BigInt(tokens.cachedInput),
      reasoningTokens: BigInt(tokens.reasoning),
    },
  };
}

/** What the whole installation spends is shown to those who may do everything, not to every tenant. */
function limitMessage({ scope, subject, limit, settled, held }: LimitState, principal: Principal | undefined) {
  const message = { scope: scopes[scope], subject, limit: moneyOf(limit) };
  if (scope === "global_day" && principal?.scopes.includes("*") !== true) return message;
  return { ...message, settled: moneyOf(settled), held: moneyOf(held) };
}

function moneyOf(amount: number) {
  return { nanoUsd: BigInt(amount) };
}
