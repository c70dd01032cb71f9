import { BadRequestSchema, QuotaFailureSchema } from "@agentmesh/contracts/google/rpc/error_details";
import { errorInfoOf } from "@agentmesh/rpc";
import { Code, ConnectError } from "@connectrpc/connect";

/** What a caller learns from an error. */
export interface Failure {
  /** gRPC's name of the code in camel case, as Connect has it: "NotFound". */
  readonly code: string;
  readonly reason: string | undefined;
  readonly message: string;
  readonly retryAfterMs: number | undefined;
  /** Names of the fields that are wrong. */
  readonly fields: readonly string[];
  /** Limits that were reached. */
  readonly quotas: readonly string[];
  readonly metadata: Headers;
}

/** The error a call fails with. Fails itself when the call succeeds. */
export async function failureOf(call: Promise<unknown>): Promise<Failure> {
  try {
    await call;
  } catch (thrown) {
    return describeFailure(thrown);
  }
  throw new Error("the call succeeded");
}

/** What is told by an error. */
export function describeFailure(thrown: unknown): Failure {
  const error = ConnectError.from(thrown);
  const info = errorInfoOf(error);
  return {
    code: Code[error.code] ?? "",
    reason: info?.reason,
    message: error.rawMessage,
    retryAfterMs: info?.retryAfterMs,
    fields: error.findDetails(BadRequestSchema).flatMap((detail) => detail.fieldViolations.map(({ field }) => field)),
    quotas: error.findDetails(QuotaFailureSchema).flatMap((detail) => detail.violations.map(({ subject }) => subject)),
    metadata: error.metadata,
  };
}
