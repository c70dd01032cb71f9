import type { ProviderFailure } from "./provider-failure.ts";

/** What is known of one provider from the calls that were made. */
export interface ProviderState {
  readonly name: string;
  readonly status: "ok" | "failing" | "unused";
  readonly latencyMs?: number;
  /** Epoch milliseconds. */
  readonly lastSuccess?: number;
  /** In neutral words. */
  readonly lastError?: string;
}

const KEY_REFUSED = new Set([401, 403]);

/** Watches providers through the calls that are made anyway: a probe would cost money. */
export class ProviderHealth {
  private readonly clock: () => number;
  private readonly known: Map<string, ProviderState>;

  constructor(names: readonly string[], clock: () => number) {
    this.clock = clock;
    this.known = new Map(names.map((name) => [name, { name, status: "unused" }]));
  }

  succeeded(name: string, latencyMs: number): void {
    this.known.set(name, { name, status: "ok", latencyMs, lastSuccess: this.clock() });
  }

  /** A refused request says nothing against the provider, unless it is our key that was refused. */
  failed(name: string, failure: ProviderFailure): void {
    if (failure.kind === "cancelled" || failure.kind === "too_long") return;
    if (failure.kind === "rejected" && !KEY_REFUSED.has(failure.status ?? 0)) return;
    this.known.set(name, { ...this.known.get(name), name, status: "failing", lastError: failure.message });
  }

  states(): readonly ProviderState[] {
    return [...this.known.values()];
  }
}
