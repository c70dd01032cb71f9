import { InvalidValue, type Setting } from "@agentmesh/config";
import { formatUsd, parseUsd } from "./domain/amount.ts";

/** A setting in US dollars. */
export interface MoneyDeclaration {
  readonly env: string;
  readonly help: string;
  /** Dollars as in the variable: "5", "0.25". */
  readonly default: string;
}

/** An amount in dollars as decimal text, at most nine decimals; loads as whole nano-dollars. */
export function money({ env, help, default: fallbackText }: MoneyDeclaration): Setting<number> {
  const bounds = "0 to 9000000, at most 9 decimals";
  const parse = (text: string) => {
    const amount = parseUsd(text);
    if (amount === undefined) throw new InvalidValue(`an amount in US dollars such as "5" or "0.25", ${bounds}`);
    return amount;
  };
  const fallback = parse(fallbackText);
  return {
    env,
    help,
    type: "US dollars",
    bounds,
    secret: false,
    required: false,
    fallback,
    fallbackText,
    parse,
    format: formatUsd,
  };
}
