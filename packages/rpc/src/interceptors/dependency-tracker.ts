import {
  type DependencyState,
  DependencyStateSchema,
  DependencyStatus,
} from "@agentmesh/contracts/diagnostics/v1/diagnostics";
import { create } from "@bufbuild/protobuf";
import { durationFromMs, timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { Interceptor } from "@connectrpc/connect";
import { errorInfoOf } from "../errors/error-info.ts";
import { observeEnd } from "./observe-end.ts";
import { statusName } from "./status-name.ts";

// Statuses that say something about the dependency; all others are answers it rightly gave.
const FAULTS = new Set(["UNAVAILABLE", "DEADLINE_EXCEEDED", "INTERNAL", "UNKNOWN", "DATA_LOSS", "UNIMPLEMENTED"]);

/** Remembers how a dependency behaved in real use, for Diagnose: nothing is probed, nothing is spent. */
export class DependencyTracker {
  readonly name: string;
  readonly #clock: () => number;
  #lastSuccess: number | undefined;
  #latencyMs: number | undefined;
  #lastError = "";

  /**
   * @param name for example "cost", "sqlite:cost.db", "provider:simulator"
   * @param clock milliseconds since the epoch
   */
  constructor(name: string, clock: () => number = Date.now) {
    this.name = name;
    this.#clock = clock;
  }

  /** The dependency answered. */
  succeeded(milliseconds: number): void {
    this.#lastSuccess = this.#clock();
    this.#latencyMs = milliseconds;
    this.#lastError = "";
  }

  /** @param neutralError a reason or status; no addresses, no secrets, no content */
  failed(neutralError: string): void {
    this.#lastError = neutralError;
  }

  /** As Diagnose reports it. */
  state(): DependencyState {
    return create(DependencyStateSchema, {
      name: this.name,
      status: this.#status(),
      lastError: this.#lastError,
      ...(this.#latencyMs === undefined ? {} : { latency: durationFromMs(Math.round(this.#latencyMs)) }),
      ...(this.#lastSuccess === undefined ? {} : { lastSuccess: timestampFromMs(this.#lastSuccess) }),
    });
  }

  #status(): DependencyStatus {
    if (this.#lastError !== "") return DependencyStatus.FAILING;
    return this.#lastSuccess === undefined ? DependencyStatus.UNUSED : DependencyStatus.OK;
  }
}

/** Feeds a tracker from the calls made. A call that its caller cancelled says nothing about the dependency. */
export function dependencyTracking(tracker: DependencyTracker): Interceptor {
  return (next) => (request) => {
    const started = performance.now();
    return observeEnd(request, next, (failure) => {
      const status = statusName(failure);
      if (FAULTS.has(status)) tracker.failed(errorInfoOf(failure)?.reason ?? status);
      else if (status !== "CANCELLED") tracker.succeeded(performance.now() - started);
    });
  };
}
