import { CODE_NAMES, errorInfoOf } from "@agentmesh/rpc";
import { Code, ConnectError } from "@connectrpc/connect";
import { DependencyError } from "../../domain/ports.ts";

const transient: ReadonlySet<Code> = new Set([Code.Unavailable, Code.DeadlineExceeded, Code.Aborted]);

/** Makes what a service answered with into what the domain knows. Other errors stay as they are. */
export function dependencyError(error: unknown): unknown {
  if (!(error instanceof ConnectError)) return error;
  const info = errorInfoOf(error);
  return new DependencyError(error.rawMessage, {
    reason: info?.reason ?? CODE_NAMES[error.code],
    retryable: transient.has(error.code) || info?.retryAfterMs !== undefined,
    metadata: info?.metadata ?? {},
    cause: error,
  });
}

/** Passes a service's error on as it came: for callers of our RPCs. */
export async function passedOn<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw error instanceof DependencyError && error.cause instanceof ConnectError ? error.cause : error;
  }
}

/** Awaits a call of another service. @throws DependencyError */
export async function answered<T>(call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (error) {
    throw dependencyError(error);
  }
}
