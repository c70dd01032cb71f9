import type { Usage } from "./message.ts";

/** What a run used, added up over its steps. */
export interface Totals {
  readonly usage: Usage;
  /** Billionths of a US dollar; below 2^53. */
  readonly costNanoUsd: number;
  /** Models that answered, each once, in order of their first answer. */
  readonly models: readonly string[];
}

/** Nothing used. */
export const noTotals: Totals = {
  usage: { inputTokens: 0, outputTokens: 0, cachedInputTokens: 0, reasoningTokens: 0, estimated: false },
  costNanoUsd: 0,
  models: [],
};

/** Totals after a model call. */
export function plusModelCall(totals: Totals, call: { usage: Usage; costNanoUsd: number; model: string }): Totals {
  return {
    usage: plusUsage(totals.usage, call.usage),
    costNanoUsd: totals.costNanoUsd + call.costNanoUsd,
    models: totals.models.includes(call.model) ? totals.models : [...totals.models, call.model],
  };
}

/** Totals after something that has a price and no tokens. */
export function plusCost(totals: Totals, costNanoUsd: number): Totals {
  return costNanoUsd === 0 ? totals : { ...totals, costNanoUsd: totals.costNanoUsd + costNanoUsd };
}

function plusUsage(a: Usage, b: Usage): Usage {
  return {
    inputTokens: a.inputTokens + b.inputTokens,
    outputTokens: a.outputTokens + b.outputTokens,
    cachedInputTokens: a.cachedInputTokens + b.cachedInputTokens,
    reasoningTokens: a.reasoningTokens + b.reasoningTokens,
    estimated: a.estimated || b.estimated,
  };
}
