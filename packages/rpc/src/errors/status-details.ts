import { ErrorInfoSchema } from "@agentmesh/contracts/google/rpc/error_details";
import { type Status, StatusSchema } from "@agentmesh/contracts/google/rpc/status";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { type Any, anyPack } from "@bufbuild/protobuf/wkt";
import type { ConnectError } from "@connectrpc/connect";

/** The trailer in which gRPC carries google.rpc.Status. */
export const STATUS_DETAILS = "grpc-status-details-bin";

const TYPE_PREFIX = "type.googleapis.com/";

// HTTP/2 peers end the whole connection, with every call on it, for trailers above 64 KiB. What callers sent may stand
// in an error, so its size is limited here, once for all services.
const MOST_DETAIL_BYTES = 12 * 1024;
const MOST_TEXT = 2_000;
const LONGEST_NAME = 128;

/** The error's text as it is sent: percent-encoded it takes up to nine times its length. */
export function statusText({ rawMessage }: ConnectError): string {
  // grpc-js throws on a lone surrogate; a cut may make one.
  return (rawMessage.length > MOST_TEXT ? `${rawMessage.slice(0, MOST_TEXT)}…` : rawMessage).toWellFormed();
}

/** The error's details as the bytes of a google.rpc.Status; undefined when it has none. */
export function encodeDetails(error: ConnectError): Uint8Array | undefined {
  if (error.details.length === 0) return undefined;
  const details = error.details.map((detail) =>
    "desc" in detail
      ? anyPack(detail.desc, create(detail.desc, detail.value))
      : { $typeName: "google.protobuf.Any" as const, typeUrl: TYPE_PREFIX + detail.type, value: detail.value },
  );
  const size = details.reduce((sum, { typeUrl, value }) => sum + typeUrl.length + value.byteLength, 0);
  return statusOf(error, size > MOST_DETAIL_BYTES ? [essential(error)] : details);
}

function statusOf(error: ConnectError, details: Any[]): Uint8Array {
  return toBinary(StatusSchema, create(StatusSchema, { code: error.code, message: statusText(error), details }));
}

// What programs decide by.
function essential(error: ConnectError): Any {
  const { reason = "", domain = "" } = error.findDetails(ErrorInfoSchema)[0] ?? {};
  const info = { reason: reason.slice(0, LONGEST_NAME), domain: domain.slice(0, LONGEST_NAME) };
  return anyPack(ErrorInfoSchema, create(ErrorInfoSchema, info));
}

/** Adds the details found in a trailer to the error. Bytes that do not parse add nothing. */
export function decodeDetails(bytes: Uint8Array, error: ConnectError): void {
  const status = parse(bytes);
  if (status === undefined) return;
  error.details = status.details.map((any) => ({
    type: any.typeUrl.slice(any.typeUrl.lastIndexOf("/") + 1),
    value: any.value,
  }));
}

function parse(bytes: Uint8Array): Status | undefined {
  try {
    return fromBinary(StatusSchema, bytes);
  } catch {
    return undefined; // A peer's broken trailer must not hide the status itself.
  }
}
