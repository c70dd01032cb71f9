import type { CallScope } from "@agentmesh/rpc/scope";
import type { ToolResult } from "./tool.ts";
import type { ToolCall } from "./tool-call.ts";

/** How a step ended for those who waited. */
export interface StepOutcome {
  readonly result: ToolResult;
  /** True when it was recorded before and nothing ran now. */
  readonly replayed: boolean;
}

/** What a step does: claims, and calls the tool through `begin`. */
export type StepWork = (begin: (call: ToolCall, pending: boolean) => void) => Promise<StepOutcome>;

/**
 * A step that is being executed, and those who wait for it. Who goes away stops waiting; when the last one goes, an
 * idempotent tool is interrupted, any other runs on and its effect is recorded.
 */
export class Execution {
  readonly hash: string;
  readonly outcome: Promise<StepOutcome>;
  readonly #idempotent: boolean;
  readonly #begun: Promise<void>;
  #call: ToolCall | undefined;
  #pending = false;
  #waiting = 0;

  constructor({ hash, idempotent }: { readonly hash: string; readonly idempotent: boolean }, work: StepWork) {
    this.hash = hash;
    this.#idempotent = idempotent;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#begun = promise;
    this.outcome = work((call, pending) => {
      this.#call = call;
      this.#pending = pending;
      if (pending) resolve();
    });
    const ended = () => {
      this.#pending = false;
      resolve();
    };
    this.outcome.then(ended, ended);
  }

  /** The outcome, unless the caller goes away first: then it rejects with the reason of its signal. */
  async wait(scope: CallScope): Promise<StepOutcome> {
    this.#waiting++;
    await this.#begun;
    // Signals are made when asked for; a tool that answered at once needs none.
    return this.#pending ? this.#unlessGone(scope.signal) : this.outcome;
  }

  /** Ends a call of an idempotent tool, because the process stops. */
  interrupt(): void {
    if (this.#idempotent) this.#call?.interrupt();
  }

  #unlessGone(signal: AbortSignal): Promise<StepOutcome> {
    return new Promise((resolve, reject) => {
      const gone = () => {
        reject(signal.reason);
        if (--this.#waiting === 0) this.interrupt();
      };
      if (signal.aborted) return gone();
      signal.addEventListener("abort", gone, { once: true });
      const settled = () => signal.removeEventListener("abort", gone);
      this.outcome.then(resolve, reject).finally(settled);
    });
  }
}
