import type { Action } from "./verdict.ts";

/** What can stand in place of a value that is redacted, beside its kind. */
export const TRANSFORMS = ["mask", "hash", "tokenise"] as const;
/**
 * `mask` keeps the last four letters and digits; `hash` gives equal values of a tenant equal names; `tokenise` gives
 * values placeholders for which their conversation gets them back.
 */
export type Transform = (typeof TRANSFORMS)[number];

/** Something a detector noticed, before a policy decided about it. Offsets are UTF-16 code units. */
export interface Match {
  readonly start: number;
  readonly end: number;
  /** Confidence, 0 to 1. */
  readonly score: number;
  /** Why, for a person. Constant texts only: never what was matched. */
  readonly explanation: string;
}

/** A match together with what the policy does about it. */
export interface Finding extends Match {
  /** For example "pii.email". */
  readonly detector: string;
  /** For example "pii". */
  readonly category: string;
  readonly action: Action;
  /** How its value is written when it is redacted; undefined: `replacement` stands in its place. */
  readonly transform?: Transform;
  /** What stands in its place when it is redacted. */
  readonly replacement: string;
  /** The rule that decided, as it stands in the policy: "rules[2]". */
  readonly rule?: string;
  /** What a rule in shadow mode would have done; only told, counted and logged. */
  readonly shadow?: Action;
  /** Nothing of the text passes from this finding on. */
  readonly cuts?: boolean;
}
