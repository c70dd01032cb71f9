import { ErrorInfoSchema } from "@agentmesh/contracts/google/rpc/error_details";
import { create, toBinary } from "@bufbuild/protobuf";
import type { UniversalServerResponse } from "@connectrpc/connect/protocol";
import { RPC_DOMAIN } from "../errors/error-info.ts";

/** Reasons of the errors that Connect finds before a call reaches our chain. */
const REASONS: Readonly<Record<string, string>> = {
  invalid_argument: "MALFORMED_MESSAGE",
  resource_exhausted: "MESSAGE_TOO_LARGE",
};

/**
 * Adds the ErrorInfo that every error of ours has to those that Connect itself answers unary calls with: bodies that it
 * cannot parse or that are too large. Everything else passes as it is.
 */
export async function completeError(response: UniversalServerResponse): Promise<UniversalServerResponse> {
  const { status, header, body } = response;
  if (status < 400 || body === undefined || header?.get("content-type") !== "application/json") return response;
  if (header.get("content-encoding") !== null) return response;
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  const bytes = completed(Buffer.concat(chunks));
  header.set("content-length", String(bytes.byteLength));
  return { ...response, body: once(bytes) };
}

function completed(bytes: Buffer): Uint8Array {
  const error = JSON.parse(bytes.toString()) as { code?: string; details?: unknown };
  const reason = REASONS[error.code ?? ""] ?? error.code?.toUpperCase();
  if (error.details !== undefined || reason === undefined) return bytes;
  const info = create(ErrorInfoSchema, { reason, domain: RPC_DOMAIN });
  const value = Buffer.from(toBinary(ErrorInfoSchema, info)).toString("base64").replace(/=+$/, "");
  return Buffer.from(JSON.stringify({ ...error, details: [{ type: ErrorInfoSchema.typeName, value }] }));
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
