import { ErrorInfoSchema } from "@agentmesh/contracts/google/rpc/error_details";
import { StatusSchema } from "@agentmesh/contracts/google/rpc/status";
import { fromBinary } from "@bufbuild/protobuf";
import { anyUnpack } from "@bufbuild/protobuf/wkt";
import { Code } from "@connectrpc/connect";
import { Client, credentials, Metadata, type ServiceError } from "@grpc/grpc-js";

/** A call whose request is sent as it is. */
export interface RawCall {
  readonly path: string;
  readonly secret: string;
  readonly bytes: Buffer;
}

/** How a server answers bytes over gRPC: code and reason of its error. Fails when it takes them. */
export async function rawUnary(address: string, { path, secret, bytes }: RawCall) {
  const client = new Client(address, credentials.createInsecure());
  const metadata = new Metadata();
  metadata.set("authorization", `Bearer ${secret}`);
  const same = (value: Buffer) => value;
  try {
    const error = await new Promise<ServiceError | null>((resolve) => {
      client.makeUnaryRequest(path, same, same, bytes, metadata, (failed) => resolve(failed));
    });
    if (error === null) throw new Error("the bytes were taken for a request");
    return { code: Code[error.code], reason: reasonOf(error), message: error.details };
  } finally {
    client.close();
  }
}

function reasonOf({ metadata }: ServiceError): string | undefined {
  const [bytes] = metadata.get("grpc-status-details-bin");
  if (!(bytes instanceof Uint8Array)) return undefined;
  const [detail] = fromBinary(StatusSchema, bytes).details;
  return detail === undefined ? undefined : anyUnpack(detail, ErrorInfoSchema)?.reason;
}
