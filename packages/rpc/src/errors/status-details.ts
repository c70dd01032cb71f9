import { type Status, StatusSchema } from "@agentmesh/contracts/google/rpc/status";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { anyPack } from "@bufbuild/protobuf/wkt";
import type { ConnectError } from "@connectrpc/connect";

/** The trailer in which gRPC carries google.rpc.Status. */
export const STATUS_DETAILS = "grpc-status-details-bin";

const TYPE_PREFIX = "type.googleapis.com/";

/** The error's details as the bytes of a google.rpc.Status; undefined when it has none. */
export function encodeDetails(error: ConnectError): Uint8Array | undefined {
  if (error.details.length === 0) return undefined;
  const details = error.details.map((detail) =>
    "desc" in detail
      ? anyPack(detail.desc, create(detail.desc, detail.value))
      : { $typeName: "google.protobuf.Any" as const, typeUrl: TYPE_PREFIX + detail.type, value: detail.value },
  );
  return toBinary(StatusSchema, create(StatusSchema, { code: error.code, message: error.rawMessage, details }));
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
