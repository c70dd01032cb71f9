import { Metadata, type MetadataValue } from "@grpc/grpc-js";
import { MetadataHeaders } from "../call/metadata-headers.ts";

/** Whether a header is carried in base64; its value in `Headers` is the base64 text. */
function isBinary(name: string): boolean {
  return name.endsWith("-bin");
}

// What the protocol itself sets. A caller who could set these could forge a deadline or a status.
const RESERVED = /^(?:grpc-|:)|^(?:te|content-type|user-agent|connection|host|transfer-encoding)$/;

/** Headers as grpc-js sends them. Names that the protocol owns are left out. */
export function toMetadata(headers: Headers): Metadata {
  const metadata = new Metadata();
  if (headers instanceof MetadataHeaders && headers.empty) return metadata;
  headers.forEach((value, name) => {
    if (RESERVED.test(name)) return;
    const values = isBinary(name) ? value.split(",").map((part) => Buffer.from(part.trim(), "base64")) : [value];
    for (const item of values) metadata.add(name, item);
  });
  return metadata;
}

/** Received metadata as headers. Several values of one name are joined by ", ", as HTTP does. */
export function toHeaders(metadata: Metadata): MetadataHeaders {
  return MetadataHeaders.lazy((headers) => {
    for (const name of Object.keys(metadata.getMap())) {
      for (const value of metadata.get(name)) headers.append(name, text(value));
    }
  });
}

function text(value: MetadataValue): string {
  return typeof value === "string" ? value : value.toString("base64").replace(/=+$/, "");
}
