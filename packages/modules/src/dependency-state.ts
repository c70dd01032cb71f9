import type { DependencyState as DependencyMessage } from "@agentmesh/contracts/diagnostics/v1/diagnostics";

/** What is known of something a module depends on, as Diagnose reports it. */
export interface DependencyState {
  /** A service ("cost"), a store ("sqlite:cost.db") or a provider ("provider:simulator"). */
  readonly name: string;
  /** "unused": not used since the start. */
  readonly status: "ok" | "failing" | "unused";
  /** Milliseconds of the last successful use or probe. */
  readonly latencyMs?: number;
  /** When it last succeeded, in milliseconds since the epoch. */
  readonly lastSuccess?: number;
  /** The last failure in neutral words: no addresses, no secrets. */
  readonly lastError?: string;
}

/** A state as plain data, or as the message that `DependencyTracker.state()` makes. */
export type DependencyReport = DependencyState | DependencyMessage;
