/** An agent as its file declares it, with defaults filled in. Plain data: it is stored as JSON with the runs that used it. */

/** The patterns an agent can name. */
export type PatternName = "react" | "tool-use";

/** A tool an agent may use. */
export interface BundleTool {
  readonly name: string;
  /** Passed to the tool with every call, unseen by the model. */
  readonly settings?: Readonly<Record<string, unknown>>;
}

/** What an agent keeps of a conversation. */
export type BundleMemory =
  | { readonly kind: "none" }
  | { readonly kind: "session"; readonly windowTokens: number; readonly timeToLiveMs: number };

/** What stops a run. */
export interface BundleLimits {
  /** Most turns of thought. */
  readonly iterations: number;
  /** How many turns in a row with an unusable answer or arguments are fed back before the run fails. */
  readonly retries: number;
  readonly timeoutMs: number;
}

/** One version of an agent. */
export interface AgentBundle {
  readonly id: string;
  /** Declared version and a hash of everything else in here. */
  readonly version: string;
  readonly description: string;
  readonly pattern: PatternName;
  /** Version of the pattern's code: another one never replays this bundle's runs. */
  readonly patternVersion: number;
  readonly model: string;
  readonly temperature: number;
  readonly maxOutputTokens?: number;
  readonly systemPrompt: string;
  readonly tools: readonly BundleTool[];
  readonly memory: BundleMemory;
  readonly guardrailPolicy: string;
  readonly budgetNanoUsd?: number;
  readonly limits: BundleLimits;
}
