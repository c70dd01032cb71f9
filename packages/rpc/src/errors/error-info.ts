import { ErrorInfoSchema, RetryInfoSchema } from "@agentmesh/contracts/google/rpc/error_details";
import { Code, ConnectError } from "@connectrpc/connect";
import { DomainError, type ErrorCode } from "../domain-error.ts";

/** What a typed error says, wherever it was thrown. */
export interface ReceivedError {
  /** Stable name from the catalogue of `domain`, for example "BUDGET_EXHAUSTED". */
  readonly reason: string;
  /** Whose catalogue, for example "cost.agentmesh". */
  readonly domain: string;
  readonly metadata: Readonly<Record<string, string>>;
  /** When a retry makes sense, in milliseconds; absent when the error does not say. */
  readonly retryAfterMs?: number;
  readonly message: string;
  readonly code: Code;
}

/** The domain of errors that the transports and interceptors make themselves. */
export const RPC_DOMAIN = "rpc.agentmesh";

/** The gRPC name of each code; OK has none, because it is no error. */
export const CODE_NAMES: Readonly<Record<Code, ErrorCode | "UNKNOWN" | "UNIMPLEMENTED">> = {
  [Code.Canceled]: "CANCELLED",
  [Code.Unknown]: "UNKNOWN",
  [Code.InvalidArgument]: "INVALID_ARGUMENT",
  [Code.DeadlineExceeded]: "DEADLINE_EXCEEDED",
  [Code.NotFound]: "NOT_FOUND",
  [Code.AlreadyExists]: "ALREADY_EXISTS",
  [Code.PermissionDenied]: "PERMISSION_DENIED",
  [Code.ResourceExhausted]: "RESOURCE_EXHAUSTED",
  [Code.FailedPrecondition]: "FAILED_PRECONDITION",
  [Code.Aborted]: "ABORTED",
  [Code.OutOfRange]: "OUT_OF_RANGE",
  [Code.Unimplemented]: "UNIMPLEMENTED",
  [Code.Internal]: "INTERNAL",
  [Code.Unavailable]: "UNAVAILABLE",
  [Code.DataLoss]: "DATA_LOSS",
  [Code.Unauthenticated]: "UNAUTHENTICATED",
};

const CODES = new Map<string, Code>(Object.entries(CODE_NAMES).map(([code, name]) => [name, Number(code) as Code]));

/** The numeric code of a gRPC status name. */
export function codeOf(name: ErrorCode): Code {
  return CODES.get(name) ?? Code.Unknown;
}

/** Reads back what the error interceptor wrote. Undefined for errors that carry no ErrorInfo. */
export function errorInfoOf(error: unknown): ReceivedError | undefined {
  if (error instanceof DomainError) return ofDomainError(error);
  if (!(error instanceof ConnectError)) return undefined;
  const [info] = error.findDetails(ErrorInfoSchema);
  if (info === undefined) return undefined;
  const delay = error.findDetails(RetryInfoSchema)[0]?.retryDelay;
  return {
    reason: info.reason,
    domain: info.domain,
    metadata: info.metadata,
    message: error.rawMessage,
    code: error.code,
    ...(delay === undefined ? {} : { retryAfterMs: Number(delay.seconds) * 1000 + delay.nanos / 1e6 }),
  };
}

// The same view on an error that has not crossed a service border yet.
function ofDomainError(error: DomainError): ReceivedError {
  const { metadata = {}, retryAfterMs } = error.occurrence;
  return {
    reason: error.reason,
    domain: error.domain,
    metadata,
    message: error.message,
    code: codeOf(error.code),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  };
}
