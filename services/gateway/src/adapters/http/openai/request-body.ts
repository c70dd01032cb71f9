import { isUtf8 } from "node:buffer";
import type { IncomingMessage } from "node:http";
import { type Fields, isFields } from "./json-fields.ts";
import { HttpProblem, invalid } from "./problem.ts";

/**
 * Reads a body and parses it as a JSON object.
 * @throws HttpProblem 413 beyond the limit, 415 for what is no JSON, 400 for malformed UTF-8 or JSON
 */
export async function readJson(request: IncomingMessage, maxBytes: number): Promise<Fields> {
  checkKind(request);
  const bytes = await readBody(request, maxBytes);
  if (!isUtf8(bytes)) throw invalid(null, "The body is not valid UTF-8.", "invalid_utf8");
  return parse(bytes);
}

function checkKind({ headers }: IncomingMessage): void {
  const kind = headers["content-type"];
  const encoding = headers["content-encoding"];
  if (kind !== undefined && !/^application\/json\b/i.test(kind))
    throw unsupportedMedia("content-type", "application/json");
  if (encoding !== undefined && encoding !== "identity") throw unsupportedMedia("content-encoding", "identity");
}

function unsupportedMedia(header: string, wanted: string): HttpProblem {
  const details = { status: 415, type: "invalid_request_error", code: "unsupported_media_type", param: null };
  return new HttpProblem(`The header ${header} must be ${wanted}.`, details);
}

function tooLarge(maxBytes: number): HttpProblem {
  const details = { status: 413, type: "invalid_request_error", code: "request_too_large", param: null };
  // The rest of the body is not read, so the connection cannot be used again.
  return new HttpProblem(`The body must be at most ${maxBytes} bytes.`, {
    ...details,
    headers: { connection: "close" },
  });
}

function readBody(request: IncomingMessage, maxBytes: number): Promise<Buffer> {
  if (Number(request.headers["content-length"] ?? 0) > maxBytes) return Promise.reject(tooLarge(maxBytes));
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    request.on("data", (chunk: Buffer) => {
      size += chunk.byteLength;
      if (size > maxBytes) {
        request.removeAllListeners("data").pause();
        reject(tooLarge(maxBytes));
        return;
      }
      chunks.push(chunk);
    });
    request.once("end", () => resolve(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks, size)));
    request.once("error", reject);
    request.once("close", () => {
      if (!request.complete) reject(new ClientLeft());
    });
  });
}

/** The client closed the connection: nobody waits for an answer. */
export class ClientLeft extends Error {
  override readonly name = "ClientLeft";
}

function parse(bytes: Buffer): Fields {
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString("utf8"));
  } catch {
    // V8 quotes the text around the fault; content does not belong into an error.
    throw invalid(null, "The body is not valid JSON.", "invalid_json");
  }
  if (!isFields(value)) throw invalid(null, "The body must be a JSON object.", "invalid_type");
  return value;
}
