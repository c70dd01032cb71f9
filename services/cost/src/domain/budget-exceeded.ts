import type { DomainError } from "@agentmesh/rpc/domain-error";
import { errors } from "../errors.ts";
import { formatUsd } from "./amount.ts";
import type { LimitScope, LimitState } from "./limits.ts";

const names: Readonly<Record<LimitScope, string>> = {
  request: "limit per request",
  run: "limit of the run",
  key_month: "monthly limit of the key",
  user_day: "daily limit of the user",
  tenant_month: "monthly limit of the tenant",
  global_day: "daily limit of the installation",
};

/** The error for a refused hold: every limit that stands in the way, with figures and the end of its window. */
export function budgetExceeded(amount: number, limits: readonly LimitState[]): DomainError {
  const quota = limits.map((limit) => ({ subject: subjectOf(limit), description: describe(limit) }));
  const last = Math.max(...limits.map(({ ends }) => ends ?? 0));
  return errors.BUDGET_EXCEEDED({
    message: `${formatUsd(amount)} USD cannot be reserved: ${quota.map(({ description }) => description).join("; ")}.`,
    metadata: {
      limits: limits.map(({ scope }) => scope).join(","),
      amount_nano_usd: String(amount),
      ...(last > 0 ? { resets: new Date(last).toISOString() } : {}),
    },
    quota,
  });
}

function subjectOf({ scope, subject }: LimitState): string {
  return subject === "" ? scope : `${scope}:${subject}`;
}

function describe({ scope, limit, settled, held }: LimitState): string {
  // What others spend is nobody's business.
  if (scope === "global_day") return `the ${names[scope]} is reached`;
  const name = `the ${names[scope]} is ${formatUsd(limit)} USD`;
  return scope === "request" ? name : `${name}, ${formatUsd(settled)} spent and ${formatUsd(held)} reserved`;
}
