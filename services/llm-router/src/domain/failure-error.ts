import type { DomainError } from "@agentmesh/rpc/domain-error";
import { errors } from "../errors.ts";
import type { ProviderFailure } from "./provider-failure.ts";

/** Who was called. */
export interface CalledModel {
  readonly provider: string;
  /** As the catalogue names it. */
  readonly model: string;
}

/**
 * What the caller gets for a failure that was not or could not be repaired. Not for "cancelled": there the caller's
 * own reason counts.
 * @param delivered whether a part of the answer has reached the caller
 */
export function errorOfFailure(failure: ProviderFailure, called: CalledModel, delivered: boolean): DomainError {
  const occurrence = {
    message: `${failure.message} (provider "${called.provider}")`,
    metadata: {
      provider: called.provider,
      model: called.model,
      ...(failure.status === undefined ? {} : { status: String(failure.status) }),
    },
    ...(failure.retryAfterMs === undefined ? {} : { retryAfterMs: failure.retryAfterMs }),
    cause: failure,
  };
  if (delivered) {
    const message = `${errors.STREAM_INTERRUPTED.definition.message}: ${occurrence.message}`;
    return errors.STREAM_INTERRUPTED({ ...occurrence, message });
  }
  return makerOf(failure)(occurrence);
}

function makerOf(failure: ProviderFailure) {
  switch (failure.kind) {
    case "rate_limited":
      return errors.PROVIDER_RATE_LIMITED;
    case "rejected":
      return errors.PROVIDER_REJECTED;
    case "too_long":
      return errors.PROMPT_TOO_LONG;
    case "timeout":
      return errors.PROVIDER_TIMEOUT;
    case "protocol":
      return errors.PROVIDER_PROTOCOL_ERROR;
    case "connect":
    case "reset":
    case "unavailable":
    case "cancelled":
      return errors.PROVIDER_UNAVAILABLE;
  }
}
