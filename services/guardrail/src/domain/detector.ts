import type { Match } from "./finding.ts";
import type { TextView } from "./text-view.ts";
import type { Stage } from "./verdict.ts";

/**
 * Finds one kind of thing in a text. Detectors hold no state between calls and take time linear in the text.
 *
 * To work on streams a detector must be local: whether something starts at `p` may depend only on the 64 characters
 * before `p` and on a bounded stretch after it, and `undecidedFrom` must say where that stretch is not complete yet.
 */
export interface Detector {
  /** Unique; how policies name it: "pii.email". */
  readonly name: string;
  /** "pii", "secret", "prompt_injection", "encoding", "limit", "blocked_pattern". */
  readonly category: string;
  /** What stands in place of a redacted match. */
  readonly replacement: string;
  /** Reports every match that starts at `view.from` or later. */
  find(view: TextView, report: Report, stage: Stage): void;
  /**
   * The first index, `view.from` or later, at which a match could begin that more text would make, end or change.
   * `view.text.length` when nothing is open.
   */
  undecidedFrom(view: TextView): number;
}

/** Takes a match. */
export type Report = (match: Match) => void;
