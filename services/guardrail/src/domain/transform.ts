import { createHmac } from "node:crypto";
import type { Finding } from "./finding.ts";
import type { TokenTable } from "./token-table.ts";

const KEPT = 4;
/** Shorter values would be known by what is kept of them. */
const SHORTEST_PARTLY_KEPT = 10;
const HASH_DIGITS = 16;

/** Writes what stands in place of values, for the texts of one tenant. */
export interface Transformer {
  readonly transform: (finding: Finding, value: string) => string;
}

/** What transforming makes use of. */
export interface TransformerMeans {
  readonly key?: Uint8Array | undefined;
  readonly tenant?: string | undefined;
  /** The placeholders of the conversation; undefined: what is to be tokenised is redacted. */
  readonly tokens?: TokenTable | undefined;
}

/**
 * Transforms values for one tenant.
 * @param key secret of the installation: without it nobody can try values until a hash fits; undefined: nothing is
 * hashed, values give way to their kind
 */
export function transformerFor({ key, tenant, tokens }: TransformerMeans): Transformer {
  return {
    transform(finding, value) {
      if (finding.transform === "mask") return masked(value);
      if (finding.transform === "tokenise") return tokens?.placeholderFor(finding, value) ?? finding.replacement;
      return key === undefined ? finding.replacement : hashed(finding, value, { key, tenant: tenant ?? "" });
    },
  };
}

/** Letters and digits become "*", except the last four of a long value. */
export function masked(value: string): string {
  const count = value.match(/[\p{L}\p{N}]/gu)?.length ?? 0;
  let left = count >= SHORTEST_PARTLY_KEPT ? count - KEPT : count;
  return value.replace(/[\p{L}\p{N}]/gu, (character) => (left-- > 0 ? "*" : character));
}

// "4111-1111" and "4111 1111" are one value, as are an address in capitals and in small letters.
function hashed(
  { detector, replacement }: Finding,
  value: string,
  { key, tenant }: { key: Uint8Array; tenant: string },
): string {
  const same = value
    .normalize("NFKC")
    .toLowerCase()
    .replace(/[^\p{L}\p{N}@._%+]/gu, "");
  const digest = createHmac("sha256", key)
    .update(JSON.stringify([tenant, detector, same]))
    .digest("hex");
  return replacement.replace("_REDACTED]", `_${digest.slice(0, HASH_DIGITS)}]`);
}
