import { InvalidValue, type Setting } from "@agentmesh/config";

const nanoPerUsd = 1_000_000_000;
const expected = "0 to 1000000, at most 9 decimals";

/** Nano-dollars of a decimal text in dollars, exact. */
function parseUsd(text: string): number {
  const match = /^(\d{1,7})(?:\.(\d{1,9}))?$/.exec(text);
  const amount = match === null ? Number.NaN : Number(match[1]) * nanoPerUsd + Number((match[2] ?? "").padEnd(9, "0"));
  if (amount <= 1_000_000 * nanoPerUsd) return amount;
  throw new InvalidValue(`an amount in US dollars such as "0.001", ${expected}`);
}

function formatUsd(amount: number): string {
  const decimals = String(amount % nanoPerUsd)
    .padStart(9, "0")
    .replace(/0+$/, "");
  const dollars = Math.floor(amount / nanoPerUsd);
  return decimals === "" ? String(dollars) : `${dollars}.${decimals}`;
}

/** A price in dollars as decimal text; loads as whole nano-dollars. Default 0. */
export function price({ env, help }: { readonly env: string; readonly help: string }): Setting<number> {
  const common = { env, help, type: "US dollars", bounds: expected, secret: false, required: false };
  return { ...common, fallback: 0, fallbackText: "0", parse: parseUsd, format: formatUsd };
}

/** Prices by tool: "calculator=0.000001,recall=0.0001"; loads as nano-dollars by name. Default none. */
export function prices({
  env,
  help,
}: {
  readonly env: string;
  readonly help: string;
}): Setting<ReadonlyMap<string, number>> {
  const common = { env, help, type: "list of tool=US dollars", bounds: expected, secret: false, required: false };
  return { ...common, fallback: new Map(), fallbackText: "", parse: parsePrices, format: formatPrices };
}

function parsePrices(text: string): ReadonlyMap<string, number> {
  const entries = text.split(",").map((entry) => {
    const match = /^\s*([a-zA-Z0-9_-]{1,64})\s*=\s*(\S+)\s*$/.exec(entry);
    if (match === null) throw new InvalidValue('a list such as "calculator=0.000001,recall=0.0001"');
    return [match[1] as string, parseUsd(match[2] as string)] as const;
  });
  const map = new Map(entries);
  if (map.size < entries.length) throw new InvalidValue("a list that names each tool once");
  return map;
}

function formatPrices(map: ReadonlyMap<string, number>): string {
  return [...map].map(([name, amount]) => `${name}=${formatUsd(amount)}`).join(",");
}
