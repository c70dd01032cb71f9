/** Integer arithmetic of prices. One dollar is 1,000,000,000 nano-US-dollars; fractions of one are rounded up. */
import type { Usage } from "./generation.ts";

/** Nano-US-dollars for a million tokens. */
export interface Prices {
  readonly input: bigint;
  readonly output: bigint;
  /** For input tokens that the provider read from its cache. */
  readonly cachedInput: bigint;
}

/** Prices of a model that costs nothing. */
export const FREE: Prices = { input: 0n, output: 0n, cachedInput: 0n };

const MILLION = 1_000_000n;
const PRICE = /^(\d{1,5})(?:\.(\d{1,9}))?$/;

/** Reads US dollars per million tokens, such as "0.15", exactly. Undefined for anything else, also above 99,999.999999999. */
export function parsePrice(text: string): bigint | undefined {
  const match = PRICE.exec(text);
  if (match === null) return undefined;
  return BigInt(match[1] ?? "0") * 1_000_000_000n + BigInt((match[2] ?? "").padEnd(9, "0"));
}

/** Whether nothing is ever charged. */
export function isFree(prices: Prices): boolean {
  return prices.input === 0n && prices.output === 0n && prices.cachedInput === 0n;
}

/** What the tokens cost, in nano-US-dollars. */
export function costOf(prices: Prices, usage: Usage): bigint {
  if (isFree(prices)) return 0n;
  const cached = Math.min(usage.cachedInputTokens, usage.inputTokens);
  const exact =
    prices.input * BigInt(usage.inputTokens - cached) +
    prices.cachedInput * BigInt(cached) +
    prices.output * BigInt(usage.outputTokens);
  return ceilDivide(exact, MILLION);
}

/** The most a call can cost whose prompt and answer have at most so many tokens. */
export function worstCaseOf(
  prices: Prices,
  most: { readonly inputTokens: number; readonly outputTokens: number },
): bigint {
  if (isFree(prices)) return 0n;
  const input = prices.input > prices.cachedInput ? prices.input : prices.cachedInput;
  return ceilDivide(input * BigInt(most.inputTokens) + prices.output * BigInt(most.outputTokens), MILLION);
}

function ceilDivide(dividend: bigint, divisor: bigint): bigint {
  return (dividend + divisor - 1n) / divisor;
}
