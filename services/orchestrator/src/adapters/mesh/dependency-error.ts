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

/** Awaits a call of another service. @throws DependencyError */
export async function answered<T>(call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (error) {
    throw dependencyError(error);
  }
}
