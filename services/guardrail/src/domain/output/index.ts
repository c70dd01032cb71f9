/** The detectors that look at what a model wrote for a user. A policy can set their options. */
import type { Detector } from "../detector.ts";
import { commitmentDetector, DEFAULT_COMMITMENTS } from "./commitment.ts";
import { groundedness } from "./groundedness.ts";
import { jsonSchemaDetector } from "./json-schema.ts";
import { languageDetector } from "./language.ts";
import { lengthDetector } from "./length.ts";
import { promptLeak } from "./prompt-leak.ts";
import { tone } from "./tone.ts";
import { urlDetector } from "./url.ts";

/** What a policy can set. */
export interface OutputOptions {
  /** Hosts that links may lead to; what is below them is allowed too. */
  readonly hosts?: readonly string[];
  /** Languages that answers may be in. None: every language. */
  readonly languages?: readonly string[];
  /** Phrases that no answer may contain; left out: a list of commitments. */
  readonly phrases?: readonly string[];
  /** JSON Schema, as JSON, of answers for which the caller gives none. */
  readonly jsonSchema?: string | undefined;
  /** Bounds of an answer's length in UTF-16 code units. */
  readonly length?: { readonly min: number; readonly max: number };
}

/** The detectors for output with the options of one policy. */
export function outputDetectors(options: OutputOptions = {}): readonly Detector[] {
  return [
    lengthDetector(options.length ?? { min: 0, max: Number.MAX_SAFE_INTEGER }),
    jsonSchemaDetector(options.jsonSchema),
    promptLeak,
    groundedness,
    tone,
    languageDetector(options.languages ?? []),
    urlDetector(options.hosts ?? []),
    commitmentDetector(options.phrases ?? DEFAULT_COMMITMENTS),
  ];
}
