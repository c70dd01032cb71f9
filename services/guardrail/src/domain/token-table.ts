import type { Finding } from "./finding.ts";

/** A value and what stands in its place. */
export interface Token {
  /** For example "[EMAIL_1]". */
  readonly placeholder: string;
  readonly value: string;
}

/** Most tokens of one conversation. */
export const MAX_TOKENS = 4096;
const PLACEHOLDER = /\[([A-Z][A-Z_]{0,30})_(\d{1,6})\]/g;
const WHOLE_PLACEHOLDER = new RegExp(`^${PLACEHOLDER.source}$`);

/** Whether a text has the form of a placeholder. */
export function isPlaceholder(text: string): boolean {
  return WHOLE_PLACEHOLDER.test(text);
}

/**
 * The placeholders of one conversation. The caller keeps them between checks, so the guardrail stores no values:
 * equal values keep their placeholder, new ones are counted on within their kind.
 */
export class TokenTable {
  readonly #byValue = new Map<string, string>();
  readonly #last = new Map<string, number>();
  readonly #added: Token[] = [];
  #size = 0;

  constructor(known: readonly Token[]) {
    for (const { placeholder, value } of known) {
      const [, kind = "", number = "0"] = WHOLE_PLACEHOLDER.exec(placeholder) ?? [];
      this.#byValue.set(`${kind} ${value}`, placeholder);
      this.#last.set(kind, Math.max(this.#last.get(kind) ?? 0, Number(number)));
      this.#size++;
    }
  }

  /** What was added since the start, in order. */
  get added(): readonly Token[] {
    return this.#added;
  }

  /** The placeholder for a value; what no longer fits into the table gives way to its kind. */
  placeholderFor({ replacement }: Finding, value: string): string {
    const kind = replacement.slice(1, replacement.indexOf("_REDACTED]"));
    if (!replacement.endsWith("_REDACTED]")) return replacement;
    const known = this.#byValue.get(`${kind} ${value}`);
    if (known !== undefined) return known;
    if (this.#size >= MAX_TOKENS) return replacement;
    const number = (this.#last.get(kind) ?? 0) + 1;
    const placeholder = `[${kind}_${number}]`;
    this.#last.set(kind, number);
    this.#byValue.set(`${kind} ${value}`, placeholder);
    this.#added.push({ placeholder, value });
    this.#size++;
    return placeholder;
  }
}

/** The text with values in place of placeholders. One pass: a value that looks like a placeholder stays what it is. */
export function restore(text: string, tokens: readonly Token[]): string {
  const values = new Map(tokens.map(({ placeholder, value }) => [placeholder, value]));
  return text.replace(PLACEHOLDER, (placeholder) => values.get(placeholder) ?? placeholder);
}
