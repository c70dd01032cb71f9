/**
 * The one kind of error that services throw on purpose, as plain data: no gRPC in it, so that a domain may use it.
 * The error interceptor turns it into a `ConnectError` with google.rpc details; anything else becomes INTERNAL.
 */

/** gRPC status names that a catalogue may use. */
export type ErrorCode =
  | "CANCELLED"
  | "INVALID_ARGUMENT"
  | "DEADLINE_EXCEEDED"
  | "NOT_FOUND"
  | "ALREADY_EXISTS"
  | "PERMISSION_DENIED"
  | "RESOURCE_EXHAUSTED"
  | "FAILED_PRECONDITION"
  | "ABORTED"
  | "OUT_OF_RANGE"
  | "INTERNAL"
  | "UNAVAILABLE"
  | "DATA_LOSS"
  | "UNAUTHENTICATED";

/** One entry of a service's error catalogue. */
export interface ErrorDefinition {
  readonly code: ErrorCode;
  /** For a person: what is wrong and what to do next. The default when a throw gives no message of its own. */
  readonly message: string;
  /** Whether the same request may succeed later without a change. */
  readonly retryable: boolean;
}

/** What one occurrence adds to its definition. */
export interface ErrorOccurrence {
  readonly message?: string;
  /** Machine-readable facts, google.rpc.ErrorInfo.metadata. Never secrets, never content. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** Invalid request fields, google.rpc.BadRequest. Field paths as in the contract: `limits[0].amount`. */
  readonly fields?: readonly { readonly field: string; readonly description: string }[];
  /** When a retry makes sense, google.rpc.RetryInfo, in milliseconds. */
  readonly retryAfterMs?: number;
  /** Which limit was hit, google.rpc.QuotaFailure. */
  readonly quota?: readonly { readonly subject: string; readonly description: string }[];
  /** The underlying error: logged, never sent. */
  readonly cause?: unknown;
}

/** An error of a service's catalogue. */
export class DomainError extends Error {
  override readonly name = "DomainError";
  readonly domain: string;
  readonly reason: string;
  readonly code: ErrorCode;
  readonly retryable: boolean;
  readonly occurrence: ErrorOccurrence;

  constructor(domain: string, reason: string, definition: ErrorDefinition, occurrence: ErrorOccurrence = {}) {
    super(occurrence.message ?? definition.message, occurrence.cause === undefined ? {} : { cause: occurrence.cause });
    this.domain = domain;
    this.reason = reason;
    this.code = definition.code;
    this.retryable = definition.retryable;
    this.occurrence = occurrence;
  }
}

/** A catalogue: each reason is a function that makes the error, and carries its definition for documentation. */
export type ErrorCatalogue<Definitions extends Record<string, ErrorDefinition>> = {
  readonly [Reason in keyof Definitions]: ((occurrence?: ErrorOccurrence) => DomainError) & {
    readonly definition: ErrorDefinition;
    /** Whether an error is this one. */
    is(error: unknown): error is DomainError;
  };
};

/**
 * Declares the errors of one service, once.
 * @param domain the ErrorInfo domain, for example "cost.agentmesh"
 */
export function defineErrors<const Definitions extends Record<string, ErrorDefinition>>(
  domain: string,
  definitions: Definitions,
): ErrorCatalogue<Definitions> {
  const entries = Object.entries(definitions).map(([reason, definition]) => {
    const make = (occurrence?: ErrorOccurrence) => new DomainError(domain, reason, definition, occurrence);
    const is = (error: unknown) => error instanceof DomainError && error.domain === domain && error.reason === reason;
    return [reason, Object.assign(make, { definition, is })];
  });
  return Object.fromEntries(entries);
}
