import { Code, ConnectError } from "@connectrpc/connect";
import { Metadata, type StatusObject } from "@grpc/grpc-js";
import { CODE_NAMES } from "../errors/error-info.ts";
import { decodeDetails, encodeDetails, STATUS_DETAILS, statusText } from "../errors/status-details.ts";
import { rpcError } from "../errors/to-connect-error.ts";
import { toHeaders, toMetadata } from "./metadata.ts";

/** An error as grpc-js sends it: code, text, details, and the trailers of both the error and the response. */
export function toStatus(error: ConnectError, trailer: Headers): StatusObject {
  const metadata = new Metadata();
  metadata.merge(toMetadata(trailer));
  metadata.merge(toMetadata(error.metadata));
  const details = encodeDetails(error);
  if (details !== undefined) metadata.set(STATUS_DETAILS, Buffer.from(details));
  return { code: error.code as number, details: statusText(error), metadata };
}

/** A received status as an error. */
export function fromStatus(status: StatusObject): ConnectError {
  const code =
    CODE_NAMES[status.code as unknown as Code] === undefined ? Code.Unknown : (status.code as unknown as Code);
  const [bytes] = status.metadata.get(STATUS_DETAILS);
  if (bytes === undefined) return withoutDetails(code, status);
  const error = new ConnectError(status.details, code, trailersOf(status.metadata));
  if (typeof bytes !== "string") decodeDetails(bytes, error);
  return error;
}

/** The trailers that were sent by the other side's application. */
export function trailersOf(metadata: Metadata): Headers {
  const headers = toHeaders(metadata);
  headers.delete(STATUS_DETAILS);
  return headers;
}

// What grpc-js says itself: its texts hold addresses, which never leave the mesh. They stay in the cause, for logs.
const OWN_TEXTS: ReadonlyMap<Code, string> = new Map([
  [Code.Unavailable, "the service cannot be reached"],
  [Code.DeadlineExceeded, "the deadline of the call has passed"],
  [Code.Canceled, "the call was cancelled"],
  [Code.Internal, "the call broke off"],
  [Code.Unknown, "the call failed for an unknown reason"],
]);

function withoutDetails(code: Code, status: StatusObject): ConnectError {
  const cause = new Error(status.details);
  const reason =
    code === Code.ResourceExhausted && /larger than max|size larger/.test(status.details)
      ? "MESSAGE_TOO_LARGE"
      : (CODE_NAMES[code] ?? "UNKNOWN");
  const error = rpcError(code, reason, OWN_TEXTS.get(code) ?? status.details, { cause });
  trailersOf(status.metadata).forEach((value, name) => {
    error.metadata.append(name, value);
  });
  return error;
}
