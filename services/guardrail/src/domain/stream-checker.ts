import type { Finding } from "./finding.ts";
import type { OutputContext } from "./output-context.ts";
import { type Policy, wholeDetectors } from "./policy.ts";
import { redact } from "./redact.ts";
import { withWhole } from "./scan.ts";
import { MOST_HELD, SpanStream, type StreamStep } from "./span-stream.ts";
import type { Transformer } from "./transform.ts";
import { type Stage, stricter, type Verdict } from "./verdict.ts";

export { MOST_HELD, type StreamStep };

/** Most characters of a stream that detectors of whole texts can judge. A longer one has not been checked by them. */
export const MOST_WHOLE = 262_144;

const NOTHING: StreamStep = { text: "", findings: [] };

/** What a check of a stream may make use of. */
export interface StreamMeans {
  /** What the text was made from. */
  readonly context?: OutputContext | undefined;
  /** Writes masks and hashes; undefined: what is masked or hashed is redacted. */
  readonly transformer?: Transformer | undefined;
}

/**
 * Checks a text that arrives in pieces. What has a bounded length is decided on the way (`SpanStream`). Where the
 * policy has detectors that judge whole texts and could stop or change one, it says whether nothing is released
 * before the end (`buffer`: the same passes as in a check of the whole text) or whether what was released stands and
 * the stream ends blocked (`retract`).
 */
export class StreamChecker {
  readonly #policy: Policy;
  readonly #stage: Stage;
  readonly #transformer: Transformer | undefined;
  readonly #context: OutputContext | undefined;
  readonly #spans: SpanStream;
  readonly #judgesWhole: boolean;
  readonly #buffers: boolean;
  readonly #onlyFlags: boolean;
  #verdict: Verdict = "allow";
  #whole: string[] = [];
  #length = 0;
  #findings: Finding[] = [];
  #released: string[] = [];

  constructor(policy: Policy, stage: Stage, { context, transformer }: StreamMeans = {}) {
    this.#policy = policy;
    this.#transformer = transformer;
    this.#stage = stage;
    this.#context = context;
    this.#spans = new SpanStream(policy, stage, transformer);
    const detectors = wholeDetectors(policy, stage);
    this.#judgesWhole = detectors.length > 0;
    this.#onlyFlags = detectors.every(({ rules }) => rules.every(({ action, shadow }) => action === "flag" || shadow));
    this.#buffers = !this.#onlyFlags && (policy.whole ?? "buffer") === "buffer";
  }

  /** The strictest verdict so far. After "block" nothing passes any more. */
  get verdict(): Verdict {
    return this.#verdict;
  }

  /** Characters that came and have not been released. */
  get held(): number {
    return this.#buffers ? this.#length : this.#spans.held;
  }

  /** Takes more text. */
  push(delta: string): StreamStep {
    if (this.#verdict === "block" || delta === "") return NOTHING;
    if (!this.#judgesWhole) return this.#told(this.#spans.push(delta));
    const fits = this.#keep(delta);
    const step = this.#told(this.#spans.push(delta));
    if (this.#spans.verdict === "block") return { text: "", findings: [...this.#findings, ...step.findings] };
    if (!fits) return this.#block(step, this.#tooLong());
    return this.#buffers ? this.#held(step) : step;
  }

  /** The text is complete: everything held back is decided. */
  end(): StreamStep {
    if (this.#verdict === "block") return NOTHING;
    const step = this.#told(this.#spans.end());
    if (this.#spans.verdict === "block") return { text: "", findings: [...this.#findings, ...step.findings] };
    if (!this.#judgesWhole) return step;
    if (this.#buffers) this.#held(step);
    return this.#buffers ? this.#decideBuffered() : this.#decideReleased(step);
  }

  #decideBuffered(): StreamStep {
    const text = this.#whole.join("");
    const spans = this.#findings;
    const all = withWhole(this.#policy, { stage: this.#stage, text, context: this.#context }, spans);
    if (all === spans || this.#length > MOST_WHOLE) return { text: this.#released.join(""), findings: spans };
    for (const { action } of all) this.#verdict = stricter(this.#verdict, action);
    if (this.#verdict === "block") return { text: "", findings: all };
    return { text: redact(text, all, { from: 0, to: text.length, transformer: this.#transformer }), findings: all };
  }

  // Nothing can be taken back: what would be redacted was refused when the policy was read.
  #decideReleased(step: StreamStep): StreamStep {
    const content = { stage: this.#stage, text: this.#whole.join(""), context: this.#context };
    const found = withWhole(this.#policy, content, []);
    if (found.length === 0) return step;
    for (const { action } of found) this.#verdict = stricter(this.#verdict, action);
    const findings = [...step.findings, ...found].sort((a, b) => a.start - b.start);
    return { text: this.#verdict === "block" ? "" : step.text, findings };
  }

  // @returns whether the text so far is one that can be judged as a whole
  #keep(delta: string): boolean {
    this.#length += delta.length;
    // What could only be flagged is no reason to stop a long text: its beginning is judged.
    if (this.#length > MOST_WHOLE) return this.#onlyFlags || this.#policy.onFailure === "open";
    this.#whole.push(delta);
    return true;
  }

  #held({ text, findings }: StreamStep): StreamStep {
    this.#released.push(text);
    this.#findings.push(...findings);
    return NOTHING;
  }

  #told(step: StreamStep): StreamStep {
    this.#verdict = stricter(this.#verdict, this.#spans.verdict);
    return step;
  }

  #block({ findings }: StreamStep, finding: Finding): StreamStep {
    this.#verdict = "block";
    return { text: "", findings: [...this.#findings, ...findings, finding] };
  }

  #tooLong(): Finding {
    return {
      detector: "limit.whole",
      category: "limit",
      start: MOST_WHOLE,
      end: this.#length,
      score: 1,
      action: "block",
      replacement: "",
      explanation: `Longer than the ${MOST_WHOLE} characters that can be judged as a whole.`,
    };
  }
}
