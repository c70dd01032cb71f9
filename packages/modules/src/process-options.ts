import type { Telemetry, TelemetryOptions } from "@agentmesh/telemetry";
import type { Module, ModuleName } from "./module.ts";

/** What to run. */
export interface ProcessOptions {
  /** The process's name in logs, metrics and traces: the service's, or "agentmesh". */
  readonly name: string;
  readonly modules: readonly Module[];
  /** Where settings come from, usually `process.env`. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Milliseconds since the epoch; the system's when not given. */
  readonly clock?: () => number;
  readonly random?: () => number;
  /** Where log lines go; standard output when not given. */
  readonly logDestination?: NonNullable<TelemetryOptions["destination"]>;
  /** For tests: in-process calls send messages through their binary form and freeze them. */
  readonly verify?: boolean;
}

/** A process that serves. */
export interface RunningProcess {
  readonly telemetry: Telemetry;
  readonly addresses: ProcessAddresses;
  /** Absolute. */
  readonly dataDirectory: string;
  /**
   * The written shutdown: not ready, refuse new calls, let calls and modules finish, close servers, stop modules
   * in reverse order, close their databases, flush. A second call waits for the first.
   * @param graceMs longest wait for work in progress; the setting when not given
   */
  stop(graceMs?: number): Promise<void>;
}

/** Where a process is reached, as "host:port". */
export interface ProcessAddresses {
  readonly grpc: Readonly<Partial<Record<ModuleName, string>>>;
  /** The gateway's HTTP port. */
  readonly http: string | undefined;
  readonly metrics: string;
}
