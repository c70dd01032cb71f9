import {
  BadRequestSchema,
  ErrorInfoSchema,
  QuotaFailureSchema,
  RetryInfoSchema,
} from "@agentmesh/contracts/google/rpc/error_details";
import type { DescMessage, MessageInitShape } from "@bufbuild/protobuf";
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
import { DomainError, type ErrorOccurrence } from "../domain-error.ts";
import { CODE_NAMES, codeOf, RPC_DOMAIN } from "./error-info.ts";

type Details = NonNullable<ConstructorParameters<typeof ConnectError>[3]>;

/** What callers see of an error that nobody meant to send. */
export const NEUTRAL_MESSAGE = "an internal error occurred; it was logged with its cause";

/**
 * Makes any thrown value an error that may leave the process, always with one google.rpc.ErrorInfo:
 * - a DomainError becomes its code with ErrorInfo, BadRequest, RetryInfo and QuotaFailure;
 * - a ConnectError keeps code, text and details; one without ErrorInfo gets a reason named after its code;
 * - an abort becomes CANCELLED or DEADLINE_EXCEEDED;
 * - anything else becomes INTERNAL with neutral text. The original is the `cause`, which no transport sends.
 */
export function toConnectError(thrown: unknown): ConnectError {
  if (thrown instanceof DomainError) return fromDomainError(thrown);
  if (thrown instanceof ConnectError) return withErrorInfo(thrown);
  if (isAbort(thrown)) return rpcError(Code.Canceled, "CANCELLED", "the call was cancelled", { cause: thrown });
  return rpcError(Code.Internal, "INTERNAL", NEUTRAL_MESSAGE, { cause: thrown });
}

/** Whether nobody meant to throw this: it is to be logged, and its text must not leave the process. */
export function isUnexpected(thrown: unknown): boolean {
  return !(thrown instanceof DomainError || thrown instanceof ConnectError || isAbort(thrown));
}

/** An error of the transports themselves, in the domain "rpc.agentmesh". */
export function rpcError(
  code: Code,
  reason: string,
  message: string,
  occurrence: Omit<ErrorOccurrence, "message"> = {},
): ConnectError {
  return new ConnectError(message, code, undefined, detailsOf(RPC_DOMAIN, reason, occurrence), occurrence.cause);
}

function fromDomainError(error: DomainError): ConnectError {
  const details = detailsOf(error.domain, error.reason, error.occurrence);
  return new ConnectError(error.message, codeOf(error.code), undefined, details, error.cause);
}

function withErrorInfo(error: ConnectError): ConnectError {
  if (error.findDetails(ErrorInfoSchema).length > 0) return error;
  error.details.push(detail(ErrorInfoSchema, { reason: CODE_NAMES[error.code] ?? "UNKNOWN", domain: RPC_DOMAIN }));
  return error;
}

function detailsOf(domain: string, reason: string, occurrence: ErrorOccurrence): Details {
  const { metadata, fields, retryAfterMs, quota } = occurrence;
  const details: Details = [detail(ErrorInfoSchema, { domain, reason, metadata: { ...metadata } })];
  if (fields !== undefined) details.push(detail(BadRequestSchema, { fieldViolations: [...fields] }));
  if (retryAfterMs !== undefined)
    details.push(detail(RetryInfoSchema, { retryDelay: durationFromMs(Math.ceil(retryAfterMs)) }));
  if (quota !== undefined) details.push(detail(QuotaFailureSchema, { violations: [...quota] }));
  return details;
}

function detail<D extends DescMessage>(desc: D, value: MessageInitShape<D>): Details[number] {
  return { desc, value };
}

function isAbort(thrown: unknown): boolean {
  return thrown instanceof Error && thrown.name === "AbortError";
}
