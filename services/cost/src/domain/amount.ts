/**
 * Money as whole nano-US-dollars in a number: a billionth of a dollar is 1, a dollar 1,000,000,000. Nothing above
 * `MAX_AMOUNT` exists, so every amount and the sum of two is exact in a double where it matters.
 */
import { errors } from "../errors.ts";

/** 9.0e15 nano-dollars, nine million US dollars: the largest amount, limit and counter. */
export const MAX_AMOUNT = 9_000_000_000_000_000;
/** Nano-dollars in a dollar. */
export const NANO_PER_USD = 1_000_000_000;

/**
 * An amount of a request.
 * @throws INVALID_AMOUNT naming the field when it is missing, negative or too large
 */
export function amountOf(field: string, nanoUsd: bigint | undefined): number {
  if (nanoUsd === undefined) throw invalid(field, "is required", "missing");
  if (nanoUsd < 0n) throw invalid(field, "must not be negative", "0");
  const amount = Number(nanoUsd);
  if (amount > MAX_AMOUNT) throw invalid(field, "must be at most 9.0e15 nano-dollars", String(MAX_AMOUNT));
  return amount;
}

function invalid(field: string, description: string, limit: string) {
  return errors.INVALID_AMOUNT({
    message: `${field} ${description}.`,
    metadata: { field, limit },
    fields: [{ field, description }],
  });
}

/** The sum, at most `MAX_AMOUNT` and at least 0: a counter that is full stays full instead of losing digits. */
export function addAmount(total: number, change: number): number {
  return Math.min(MAX_AMOUNT, Math.max(0, total + change));
}

/** Dollars as text, exact: 1_500_000_000 is "1.5", 1 is "0.000000001". */
export function formatUsd(amount: number): string {
  const dollars = Math.floor(amount / NANO_PER_USD);
  const rest = String(amount % NANO_PER_USD)
    .padStart(9, "0")
    .replace(/0+$/, "");
  return rest === "" ? String(dollars) : `${dollars}.${rest}`;
}

/** Nano-dollars of a decimal text in dollars ("5", "0.000001"), exact; undefined when it is no such amount. */
export function parseUsd(text: string): number | undefined {
  const match = /^(\d{1,8})(?:\.(\d{1,9}))?$/.exec(text);
  if (match === null) return undefined;
  const amount = Number(match[1]) * NANO_PER_USD + Number((match[2] ?? "").padEnd(9, "0"));
  return amount <= MAX_AMOUNT ? amount : undefined;
}
