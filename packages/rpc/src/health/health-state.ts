/** Answers of grpc.health.v1, numbers as in the contract. */
export type Serving = "SERVING" | "NOT_SERVING";

/**
 * What this process says about its health. Three kinds of names: "liveness" (the process turns), "readiness" (its own
 * stores answer and it takes requests), and the full name of each service. "" means readiness, for plain gRPC probes.
 */
export class HealthState {
  readonly #states = new Map<string, Serving>([
    ["liveness", "SERVING"],
    ["readiness", "NOT_SERVING"],
    ["", "NOT_SERVING"],
  ]);
  readonly #watchers = new Set<() => void>();

  /** Sets what is said about one name. Setting "readiness" sets "" too. */
  set(name: string, serving: Serving): void {
    this.#states.set(name, serving);
    if (name === "readiness") this.#states.set("", serving);
    for (const notify of this.#watchers) notify();
  }

  /** Sets readiness and all given services together. */
  setReady(ready: boolean, services: readonly string[] = []): void {
    const serving = ready ? "SERVING" : "NOT_SERVING";
    for (const service of services) this.#states.set(service, serving);
    this.set("readiness", serving);
  }

  /** Undefined for a name that nobody has set. */
  get(name: string): Serving | undefined {
    return this.#states.get(name);
  }

  /** All names with what is said about them. */
  entries(): IterableIterator<[string, Serving]> {
    return this.#states.entries();
  }

  /** Calls back after every change. @returns how to stop */
  watch(notify: () => void): () => void {
    this.#watchers.add(notify);
    return () => this.#watchers.delete(notify);
  }
}
