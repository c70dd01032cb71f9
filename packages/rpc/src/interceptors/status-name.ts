import { ConnectError } from "@connectrpc/connect";
import { DomainError } from "../domain-error.ts";
import { CODE_NAMES } from "../errors/error-info.ts";

/** The gRPC status name of an outcome, for labels and logs: "OK", or what the error will be on the wire. */
export function statusName(failure: unknown): string {
  if (failure === undefined) return "OK";
  if (failure instanceof DomainError) return failure.code;
  if (failure instanceof ConnectError) return CODE_NAMES[failure.code] ?? "UNKNOWN";
  return failure instanceof Error && failure.name === "AbortError" ? "CANCELLED" : "INTERNAL";
}
