/** What may happen with a text, from mild to strict. */
export const VERDICTS = ["allow", "flag", "redact", "block"] as const;
/** What may happen with a text. */
export type Verdict = (typeof VERDICTS)[number];

/** What a rule can do about a finding. */
export type Action = Exclude<Verdict, "allow">;

/** What a policy can ask for: `cut` ends the text where the finding begins; `mask`, `hash`, `tokenise`
 * write something of the value. Their verdict is that of redacting. */
export type RuleAction = Action | "cut" | "mask" | "hash" | "tokenise" | "retry";

/** The boundaries of a run at which texts are checked. */
export const STAGES = ["input", "tool_arguments", "tool_result", "retrieved", "output"] as const;
/** A boundary of a run at which a text is checked. */
export type Stage = (typeof STAGES)[number];

/** The order of verdicts: a larger number is stricter. */
export const strictness: Readonly<Record<Verdict, number>> = { allow: 0, flag: 1, redact: 2, block: 3 };

/** The stricter of two verdicts. */
export function stricter(a: Verdict, b: Verdict): Verdict {
  return strictness[a] >= strictness[b] ? a : b;
}
