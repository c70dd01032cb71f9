import type { Match } from "./finding.ts";
import type { OutputContext } from "./output-context.ts";
import type { TextView } from "./text-view.ts";
import type { Stage } from "./verdict.ts";

/** How much of a text a detector must see before it can decide. */
export type Extent =
  /** A finding is at most this many UTF-16 code units long: a stream holds back no more than that. */
  | { readonly kind: "span"; readonly maxLength: number }
  /** Only the whole text can be judged: a stream is buffered, or retracted at its end, as the policy says. */
  | { readonly kind: "whole" };

/** The extent of a detector whose findings are at most `maxLength` UTF-16 code units long. */
export function span(maxLength: number): Extent {
  return { kind: "span", maxLength };
}

/** The extent of a detector that judges texts as a whole. */
export const whole: Extent = { kind: "whole" };

/**
 * Finds one kind of thing in a text. Detectors hold no state between calls and take time linear in the text.
 *
 * A `span` detector must be local: whether something starts at `p` may depend only on the 64 characters before `p` and
 * on a bounded stretch after it, and `undecidedFrom` must say where that stretch is not complete yet. A `whole`
 * detector always sees the complete text; its `undecidedFrom` is never asked.
 */
export interface Detector {
  /** Unique; how policies name it: "pii.email". */
  readonly name: string;
  /** "pii", "secret", "prompt_injection", "encoding", "limit", "blocked_pattern", "output" ... */
  readonly category: string;
  /** What stands in place of a redacted match. */
  readonly replacement: string;
  /** What it must see to decide. */
  readonly extent: Extent;
  /** What it needs to know besides the text; it finds nothing where that is missing. */
  readonly wants?: readonly (keyof OutputContext)[];
  /** Reports every match that starts at `view.from` or later. `context` is given to `whole` detectors only. */
  find(view: TextView, report: Report, stage: Stage, context?: OutputContext): void;
  /**
   * The first index, `view.from` or later, at which a match could begin that more text would make, end or change.
   * `view.text.length` when nothing is open.
   */
  undecidedFrom(view: TextView): number;
}

/** Takes a match. */
export type Report = (match: Match) => void;
