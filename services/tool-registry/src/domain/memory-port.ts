/** What the memory tools need of the memory service. */
import type { CallScope } from "@agentmesh/rpc/scope";

/** A text that was found. */
export interface RecalledText {
  readonly id: string;
  readonly text: string;
  /** Where it came from, when that was remembered; empty otherwise. */
  readonly title: string;
  readonly score: number;
}

/** What to look for. */
export interface RecallQuery {
  /** Empty: the default collection. */
  readonly collection: string;
  readonly query: string;
  readonly limit: number;
  /** Undefined: memory's own default. */
  readonly minScore: number | undefined;
}

/** What to remember. */
export interface RememberedText {
  /** A repeat with the same id replaces it. */
  readonly id: string;
  readonly collection: string;
  readonly text: string;
}

/** Memory of the calling principal. Both throw ToolFailure for what the model can correct. */
export interface MemoryPort {
  recall(query: RecallQuery, scope: CallScope): Promise<readonly RecalledText[]>;
  remember(text: RememberedText, scope: CallScope): Promise<void>;
}
