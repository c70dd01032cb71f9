/** Requests of the contract to commands of the domain; everything a caller can get wrong is found here. */
import {
  CostType as ContractCostType,
  UsageGrouping as ContractGrouping,
  LimitScope as ContractScope,
  type GetUsageRequest,
  type HoldRequest,
  type SetLimitRequest,
  type SettleRequest,
} from "@agentmesh/contracts/cost/v1/cost";
import type { Usage } from "@agentmesh/contracts/type/v1/types";
import type { CallScope } from "@agentmesh/rpc/scope";
import { type Duration, durationMs, type Timestamp, timestampMs } from "@bufbuild/protobuf/wkt";
import { amountOf } from "./domain/amount.ts";
import { monthStart } from "./domain/calendar.ts";
import { type Attribution, type CostType, NO_TOKENS, type Payer, type TokenUsage } from "./domain/charge.ts";
import type { HoldCommand, SettleCommand, TenantLimit } from "./domain/holds-store.ts";
import type { SettableScope } from "./domain/limits.ts";
import type { UsageGrouping, UsageQuery } from "./domain/usage.ts";
import { errors } from "./errors.ts";

const defaultTimeToLiveMs = 600_000;
const leastTimeToLiveMs = 1_000;
const mostTimeToLiveMs = 86_400_000;
const mostTokens = 1_000_000_000n;
/** The last instant a calendar can name: 9999-12-31T23:59:59.999Z. */
const lastInstant = 253_402_300_799_999;

const costTypes: ReadonlyMap<ContractCostType, CostType> = new Map([
  [ContractCostType.MODEL, "model"],
  [ContractCostType.EMBEDDING, "embedding"],
  [ContractCostType.TOOL, "tool"],
  [ContractCostType.RETRIEVAL, "retrieval"],
]);

const settableScopes: ReadonlyMap<ContractScope, SettableScope> = new Map([
  [ContractScope.KEY_MONTH, "key_month"],
  [ContractScope.USER_DAY, "user_day"],
  [ContractScope.TENANT_MONTH, "tenant_month"],
]);

const groupings: ReadonlyMap<ContractGrouping, UsageGrouping> = new Map([
  [ContractGrouping.UNSPECIFIED, "total"],
  [ContractGrouping.DAY, "day"],
  [ContractGrouping.USER, "user"],
  [ContractGrouping.AGENT, "agent"],
  [ContractGrouping.RESOURCE, "resource"],
  [ContractGrouping.RUN, "run"],
]);

/**
 * Who pays: the principal of the call.
 * @throws PRINCIPAL_REQUIRED
 */
export function payerOf({ credential }: CallScope): Payer {
  const principal = credential?.principal;
  if (principal === undefined || principal.user === "" || !isTenant(principal.tenant))
    throw errors.PRINCIPAL_REQUIRED();
  return principal;
}

/** @throws INVALID_REQUEST, INVALID_AMOUNT */
export function holdCommandOf(request: HoldRequest, payer: Payer): HoldCommand {
  const attribution = attributionOf(request);
  const { runLimit } = request;
  if (runLimit !== undefined && attribution.runId === "") {
    throw invalid("run_limit", "must be absent without attribution.run_id");
  }
  return {
    holdId: bounded("hold_id", request.holdId, 1, 128),
    payer,
    attribution,
    amount: amountOf("amount", request.amount?.nanoUsd),
    runLimit: runLimit === undefined ? undefined : amountOf("run_limit", runLimit.nanoUsd),
    timeToLiveMs: timeToLiveOf(request.timeToLive),
  };
}

/** @throws INVALID_REQUEST, INVALID_AMOUNT */
export function settleCommandOf(request: SettleRequest, { tenant }: Payer): SettleCommand {
  return {
    tenant,
    holdId: bounded("hold_id", request.holdId, 1, 128),
    amount: amountOf("amount", request.amount?.nanoUsd),
    tokens: tokensOf(request.usage),
    estimated: request.estimated,
  };
}

/** @throws INVALID_REQUEST */
export function holdIdOf({ holdId }: { readonly holdId: string }): string {
  return bounded("hold_id", holdId, 1, 128);
}

/** @throws INVALID_REQUEST */
export function usageQueryOf(request: GetUsageRequest, { tenant }: Payer, now: number): UsageQuery {
  const from = instantOf("from", request.from) ?? monthStart(now);
  const to = instantOf("to", request.to) ?? now + 1;
  if (from >= to) throw invalid("from", "must be before to");
  const groupBy = groupings.get(request.groupBy);
  if (groupBy === undefined) throw invalid("group_by", "is no known grouping");
  const user = bounded("user", request.user, 0, 128);
  return { tenant, from, to, groupBy, user, runId: bounded("run_id", request.runId, 0, 64) };
}

/** @throws INVALID_LIMIT, INVALID_AMOUNT */
export function tenantLimitOf(request: SetLimitRequest, { tenant }: Payer): TenantLimit {
  const scope = settableScopes.get(request.scope);
  if (scope === undefined) throw invalidLimit("scope", "must be KEY_MONTH, USER_DAY or TENANT_MONTH");
  const { subject, limit } = request;
  if (scope === "tenant_month" && subject !== "") throw invalidLimit("subject", "must be empty for TENANT_MONTH");
  if (scope !== "tenant_month" && (subject === "" || subject.length > 128)) {
    throw invalidLimit("subject", "must be the key id or user, 1 to 128 characters");
  }
  return { tenant, scope, subject, amount: limit === undefined ? undefined : amountOf("limit", limit.nanoUsd) };
}

// Counter keys are parted by "/", so a tenant with one could name another tenant's counter.
function isTenant(tenant: string): boolean {
  return tenant !== "" && !tenant.includes("/");
}

function attributionOf({ attribution }: HoldRequest): Attribution {
  if (attribution === undefined) throw invalid("attribution", "is required");
  const type = costTypes.get(attribution.type);
  if (type === undefined) throw invalid("attribution.type", "is required: MODEL, EMBEDDING, TOOL or RETRIEVAL");
  return {
    agentId: bounded("attribution.agent_id", attribution.agentId, 0, 128),
    runId: bounded("attribution.run_id", attribution.runId, 0, 64),
    type,
    resource: bounded("attribution.resource", attribution.resource, 0, 128),
  };
}

function timeToLiveOf(duration: Duration | undefined): number {
  if (duration === undefined) return defaultTimeToLiveMs;
  const milliseconds = durationMs(duration);
  if (milliseconds >= leastTimeToLiveMs && milliseconds <= mostTimeToLiveMs) return Math.round(milliseconds);
  throw invalid("time_to_live", "must be between 1 s and 24 h");
}

function tokensOf(usage: Usage | undefined): TokenUsage {
  if (usage === undefined) return NO_TOKENS;
  return {
    input: tokenCount("usage.input_tokens", usage.inputTokens),
    output: tokenCount("usage.output_tokens", usage.outputTokens),
    cachedInput: tokenCount("usage.cached_input_tokens", usage.cachedInputTokens),
    reasoning: tokenCount("usage.reasoning_tokens", usage.reasoningTokens),
  };
}

function tokenCount(field: string, value: bigint): number {
  if (value < 0n || value > mostTokens) throw invalid(field, "must be between 0 and 1e9");
  return Number(value);
}

function instantOf(field: string, timestamp: Timestamp | undefined): number | undefined {
  if (timestamp === undefined) return undefined;
  const instant = Math.floor(timestampMs(timestamp));
  if (instant < 0 || instant > lastInstant) throw invalid(field, "must lie between the years 1970 and 9999");
  return instant;
}

function bounded(field: string, text: string, least: number, most: number): string {
  if (text.length >= least && text.length <= most) return text;
  throw invalid(
    field,
    least === 0 ? `must have at most ${most} characters` : `must have ${least} to ${most} characters`,
  );
}

function invalid(field: string, description: string) {
  return errors.INVALID_REQUEST({
    message: `${field} ${description}.`,
    metadata: { field },
    fields: [{ field, description }],
  });
}

function invalidLimit(field: string, description: string) {
  return errors.INVALID_LIMIT({
    message: `${field} ${description}.`,
    metadata: { field },
    fields: [{ field, description }],
  });
}
