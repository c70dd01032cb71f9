import type { Finding } from "./finding.ts";
import { lengthFinding } from "./length-limit.ts";
import { contextStart } from "./normalise/plain-text.ts";
import type { Policy } from "./policy.ts";
import { redact } from "./redact.ts";
import { scan, undecidedFrom } from "./scan.ts";
import { TextView } from "./text-view.ts";
import type { Transformer } from "./transform.ts";
import { type Stage, stricter, type Verdict } from "./verdict.ts";

/** Most characters held back. Only a pattern that matches without an end gets there; then what it has is decided. */
export const MOST_HELD = 65_536;
/** Above this a scan waits until a quarter more is there, so that the work stays linear in the text. */
const RESCAN_EVERY_DELTA_BELOW = 1024;

/** What may pass after a step. */
export interface StreamStep {
  /** Text that may pass now, redacted where needed. */
  readonly text: string;
  /** New findings, offsets from the start of the whole text, in order of start. */
  readonly findings: readonly Finding[];
}

const NOTHING: StreamStep = { text: "", findings: [] };

/**
 * Checks a text that arrives in pieces for all that has a bounded length. However it is cut, what passes is what a check of the whole text lets pass:
 * text that might still become part of a finding is held back until more text or the end decides.
 */
export class SpanStream {
  readonly #policy: Policy;
  readonly #stage: Stage;
  readonly #transformer: Transformer | undefined;
  /** Context that has passed already, then what is held back. */
  #buffer = "";
  /** Where in the buffer the held text begins. */
  #from = 0;
  /** Offset of the buffer in the whole text. */
  #offset = 0;
  #nextScan = 0;
  #verdict: Verdict = "allow";
  #isCut = false;

  constructor(policy: Policy, stage: Stage, transformer?: Transformer) {
    this.#policy = policy;
    this.#transformer = transformer;
    this.#stage = stage;
  }

  /** The strictest verdict so far. After "block" nothing passes any more. */
  get verdict(): Verdict {
    return this.#verdict;
  }

  /** Characters held back at the moment. */
  get held(): number {
    return this.#buffer.length - this.#from;
  }

  /** Takes more text. */
  push(delta: string): StreamStep {
    if (this.#verdict === "block" || this.#isCut || delta === "") return NOTHING;
    this.#buffer += delta;
    const tooLong = lengthFinding(this.#policy, this.#stage, this.#offset + this.#buffer.length);
    if (tooLong !== undefined) return this.#block([tooLong]);
    return this.#buffer.length - this.#from < this.#nextScan ? NOTHING : this.#advance(false);
  }

  /** The text is complete: everything held back is decided. */
  end(): StreamStep {
    return this.#verdict === "block" || this.#isCut ? NOTHING : this.#advance(true);
  }

  #advance(isComplete: boolean): StreamStep {
    const text = this.#buffer;
    const view = new TextView(text, this.#from);
    const active = this.#policy.active[this.#stage];
    const findings = scan(view, active, this.#stage, this.#policy);
    const isFinal = isComplete || text.length - this.#from > MOST_HELD;
    const decided = isFinal ? text.length : undecidedFrom(view, active);
    const blocking = findings.filter(({ start, action }) => action === "block" && start < decided);
    if (blocking.length > 0)
      return this.#block(findings.filter(({ start }) => start < decided).map((f) => this.#placed(f)));
    const to = isFinal ? text.length : betweenFindings(text, findings, decided, this.#from);
    const passing = findings.filter(({ start }) => start < to);
    const step = {
      text: redact(text, passing, { from: this.#from, to, transformer: this.#transformer }),
      findings: passing.map((finding) => this.#placed(finding)),
    };
    for (const { action, cuts } of passing) {
      this.#verdict = stricter(this.#verdict, action);
      this.#isCut ||= cuts === true;
    }
    if (this.#isCut) this.#buffer = "";
    this.#keepFrom(this.#isCut ? 0 : to);
    return step;
  }

  #keepFrom(to: number): void {
    const keep = contextStart(this.#buffer, to);
    this.#buffer = this.#buffer.slice(keep);
    this.#offset += keep;
    this.#from = to - keep;
    const held = this.#buffer.length - this.#from;
    this.#nextScan = held < RESCAN_EVERY_DELTA_BELOW ? 0 : held * 1.25;
  }

  #block(findings: readonly Finding[]): StreamStep {
    this.#verdict = "block";
    this.#buffer = "";
    return { text: "", findings };
  }

  #placed(finding: Finding): Finding {
    return { ...finding, start: finding.start + this.#offset, end: finding.end + this.#offset };
  }
}

// The last place at or before `decided` that cuts neither a finding nor a character in two.
function betweenFindings(text: string, findings: readonly Finding[], decided: number, from: number): number {
  let to = decided;
  for (let moved = true; moved; ) {
    const before = to;
    for (const { start, end } of findings) if (start < to && end > to) to = start;
    if (to > from && mayCutPair(text, to)) to--;
    moved = to !== before;
  }
  return to;
}

// At the end of what is there, the second half may still come. In a row of first halves nothing is cut.
function mayCutPair(text: string, at: number): boolean {
  if ((text.charCodeAt(at - 1) & 0xfc00) !== 0xd800) return false;
  return at === text.length || (text.charCodeAt(at) & 0xfc00) === 0xdc00;
}
