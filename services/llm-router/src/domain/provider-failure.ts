/** How a call to a provider can go wrong, in the words the retry rule and the accounts need. */
export type FailureKind =
  /** No connection: nothing was sent. */
  | "connect"
  /** The connection broke before the answer began. */
  | "reset"
  /** HTTP 429. */
  | "rate_limited"
  /** HTTP 5xx, or the same said inside a stream. */
  | "unavailable"
  /** Any other status: the same request fails again. */
  | "rejected"
  /** The provider says that the prompt is too long for the model. */
  | "too_long"
  /** No first token, or no further one, in time. */
  | "timeout"
  /** An answer that is cut, too large or not understood. */
  | "protocol"
  /** Our caller gave up, or its time is over. */
  | "cancelled";

/** Facts of one failure. */
export interface FailureFacts {
  /** The HTTP status, when there was one. */
  readonly status?: number | undefined;
  /** From Retry-After, in milliseconds. */
  readonly retryAfterMs?: number | undefined;
  /** Whether the provider may have worked on the request, so that it may charge for it. */
  readonly worked: boolean;
  /** Bytes of an answer that came but could not be used. */
  readonly answerBytes?: number | undefined;
  readonly cause?: unknown;
}

/** Thrown by providers. Its message is ours: nothing of what the provider wrote is in it. */
export class ProviderFailure extends Error {
  override readonly name = "ProviderFailure";
  readonly kind: FailureKind;
  readonly status: number | undefined;
  readonly retryAfterMs: number | undefined;
  readonly worked: boolean;
  readonly answerBytes: number;

  constructor(kind: FailureKind, message: string, facts: FailureFacts) {
    super(message, facts.cause === undefined ? {} : { cause: facts.cause });
    this.kind = kind;
    this.status = facts.status;
    this.retryAfterMs = facts.retryAfterMs;
    this.worked = facts.worked;
    this.answerBytes = facts.answerBytes ?? 0;
  }
}
