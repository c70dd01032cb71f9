/** Who pays, and for what. */

/** The kinds of work that cost; label `cost_type` of the metrics. */
export type CostType = "model" | "embedding" | "tool" | "retrieval";

/** Whose limits a charge counts towards: the authenticated principal. */
export interface Payer {
  readonly tenant: string;
  readonly user: string;
  /** Empty: no key was used, so no key's limit counts. */
  readonly keyId: string;
}

/** What a charge was for. */
export interface Attribution {
  /** Empty for a direct model call. */
  readonly agentId: string;
  /** Empty for a direct model call. */
  readonly runId: string;
  readonly type: CostType;
  /** The model or tool. */
  readonly resource: string;
}

/** Tokens of a charge. */
export interface TokenUsage {
  readonly input: number;
  readonly output: number;
  readonly cachedInput: number;
  readonly reasoning: number;
}

/** The usage of work that has no tokens. */
export const NO_TOKENS: TokenUsage = { input: 0, output: 0, cachedInput: 0, reasoning: 0 };
