import { events, type Logger } from "@agentmesh/telemetry";
import { Code, type ConnectError, type Interceptor, type UnaryRequest } from "@connectrpc/connect";
import { spanKey } from "../call/call-values.ts";
import { ServerCall } from "../call/server-call.ts";
import { DomainError } from "../domain-error.ts";
import { errorInfoOf } from "../errors/error-info.ts";
import { isUnexpected, toConnectError } from "../errors/to-connect-error.ts";
import { attempt, translateMessages } from "./translate-errors.ts";

type Call = Pick<UnaryRequest, "service" | "method" | "contextValues">;

/**
 * Outermost on every server, also after the first message of a stream: whatever is thrown leaves as a ConnectError
 * with ErrorInfo. An error that nobody meant to throw becomes INTERNAL with neutral text and is logged with its cause.
 */
export function serverErrors(logger: Logger): Interceptor {
  return (next) => (request) => {
    const translate = (thrown: unknown): never => {
      // Told what was thrown, not what it becomes.
      if (request instanceof ServerCall) request.ended(thrown);
      const error = toConnectError(thrown);
      if (isOurFault(thrown)) logFault(logger, request as Call, thrown, error);
      throw error;
    };
    return attempt(next, request).then(
      (response) => (response.stream ? translateMessages(response, translate) : response),
      translate,
    );
  };
}

// Typed errors of ours with these codes have a cause worth a line; received ones were logged where they arose.
function isOurFault(thrown: unknown): boolean {
  return (
    isUnexpected(thrown) ||
    (thrown instanceof DomainError && (thrown.code === "INTERNAL" || thrown.code === "DATA_LOSS"))
  );
}

function logFault(logger: Logger, call: Call, thrown: unknown, error: ConnectError): void {
  const root = rootCause(thrown);
  const fields = {
    rpc_service: call.service.typeName,
    rpc_method: call.method.name,
    code: Code[error.code] ?? "Unknown",
    reason: errorInfoOf(error)?.reason,
    cause: root instanceof Error ? `${root.name}: ${root.message}` : typeof root,
    at: root instanceof Error ? topFrame(root) : undefined,
  };
  logger.event(events.rpcFailed, fields, call.contextValues.get(spanKey));
}

function rootCause(thrown: unknown): unknown {
  let cause = thrown;
  // Bounded, because nothing stops an error from being its own cause.
  for (let depth = 0; depth < 5 && cause instanceof Error && cause.cause !== undefined; depth++) cause = cause.cause;
  return cause;
}

// The place in our code, without the machine's path.
function topFrame(error: Error): string | undefined {
  const frame = error.stack?.split("\n").find((line) => line.trimStart().startsWith("at "));
  return frame?.trim().replace(/\(?(?:file:\/\/)?\/\S*\/(?=(?:packages|services|test|node_modules)\/)/, "");
}
