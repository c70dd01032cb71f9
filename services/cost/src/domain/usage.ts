/** Sums over the ledger. Pure: the engine brings the rows in slices. */
import { errors } from "../errors.ts";
import { MAX_AMOUNT } from "./amount.ts";
import { windowAt } from "./calendar.ts";
import type { TokenUsage } from "./charge.ts";

/** How rows are grouped; "total" makes no groups. */
export type UsageGrouping = "total" | "day" | "user" | "agent" | "resource" | "run";

/** What to sum up. */
export interface UsageQuery {
  readonly tenant: string;
  /** First instant, milliseconds since the epoch. */
  readonly from: number;
  /** First instant after. */
  readonly to: number;
  readonly groupBy: UsageGrouping;
  /** Only this user; empty: all. */
  readonly user: string;
  /** Only this run; empty: all. */
  readonly runId: string;
}

/** The sum of one group. */
export interface UsageSum {
  readonly key: string;
  readonly amount: number;
  readonly estimated: number;
  readonly charges: number;
  readonly tokens: TokenUsage;
}

/** The most expensive groups and the sum over all. */
export interface UsageReport {
  readonly rows: readonly UsageSum[];
  readonly total: UsageSum;
}

/** One row of the ledger, or the sum of many that an engine keeps. */
export interface UsageEntry {
  /** When the hold was taken. */
  readonly at: number;
  readonly user: string;
  readonly agent: string;
  readonly run: string;
  readonly resource: string;
  readonly amount: number;
  readonly estimated: number;
  readonly charges: number;
  readonly input: number;
  readonly output: number;
  readonly cached: number;
  readonly reasoning: number;
}

/** Rows of one answer. */
export const MAX_USAGE_ROWS = 1_000;
/** Groups held in memory while summing. */
const maxGroups = 100_000;

interface MutableSum {
  key: string;
  amount: number;
  estimated: number;
  charges: number;
  tokens: { input: number; output: number; cachedInput: number; reasoning: number };
}

/** Adds entries up by group. */
export class UsageSums {
  readonly #query: UsageQuery;
  readonly #groups = new Map<string, MutableSum>();
  readonly #total = emptySum("");

  constructor(query: UsageQuery) {
    this.#query = query;
  }

  /** @throws USAGE_TOO_LARGE when there are more groups than memory should hold */
  add(entry: UsageEntry): void {
    const { user, runId, groupBy } = this.#query;
    if ((user !== "" && entry.user !== user) || (runId !== "" && entry.run !== runId)) return;
    addTo(this.#total, entry);
    if (groupBy === "total") return;
    const key = groupKey(entry, groupBy);
    let group = this.#groups.get(key);
    if (group === undefined) {
      if (this.#groups.size >= maxGroups) throw errors.USAGE_TOO_LARGE({ metadata: { groups: String(maxGroups) } });
      group = emptySum(key);
      this.#groups.set(key, group);
    }
    addTo(group, entry);
  }

  report(): UsageReport {
    const groups = this.#query.groupBy === "total" ? [emptiedKey(this.#total)] : [...this.#groups.values()];
    const rows = groups.filter((row) => row.charges > 0 || row.amount !== 0).map(bounded);
    rows.sort((a, b) => b.amount - a.amount || (a.key < b.key ? -1 : 1));
    return { rows: rows.slice(0, MAX_USAGE_ROWS), total: bounded(this.#total) };
  }
}

function groupKey(entry: UsageEntry, groupBy: Exclude<UsageGrouping, "total">): string {
  switch (groupBy) {
    case "day":
      return windowAt(entry.at).day;
    case "user":
      return entry.user;
    case "agent":
      return entry.agent;
    case "resource":
      return entry.resource;
    case "run":
      return entry.run;
  }
}

function emptySum(key: string): MutableSum {
  const tokens = { input: 0, output: 0, cachedInput: 0, reasoning: 0 };
  return { key, amount: 0, estimated: 0, charges: 0, tokens };
}

function emptiedKey(sum: MutableSum): MutableSum {
  return { ...sum, key: "" };
}

function addTo(sum: MutableSum, entry: UsageEntry): void {
  sum.amount += entry.amount;
  sum.estimated += entry.estimated;
  sum.charges += entry.charges;
  sum.tokens.input += entry.input;
  sum.tokens.output += entry.output;
  sum.tokens.cachedInput += entry.cached;
  sum.tokens.reasoning += entry.reasoning;
}

/** Money on the wire is at most 9.0e15; a sum beyond says that much. */
function bounded(sum: MutableSum): UsageSum {
  const { amount, estimated } = sum;
  return { ...sum, amount: Math.min(amount, MAX_AMOUNT), estimated: Math.min(estimated, MAX_AMOUNT) };
}
