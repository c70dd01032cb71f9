import type { IncomingHttpHeaders } from "node:http";

/** One request as the simulator saw it. */
export interface RequestRecord {
  /** Counts from 1 over the life of the simulator. */
  readonly sequence: number;
  readonly method: string;
  readonly path: string;
  /** Headers that say who called and how; the key only by its last four characters. */
  readonly headers: Readonly<Record<string, string>>;
  /** As requested, suffixes included; empty where the request named none. */
  model: string;
  stream: boolean;
  /** The parsed body; undefined when it was not JSON or larger than 64 KB. */
  body: unknown;
  /** The HTTP status; 0 when none was sent. */
  status: number;
  /** How it went; `pending` while the answer is being sent, `gone` when the caller left before its end. */
  outcome: "pending" | "complete" | "error" | "gone" | "reset" | "silence" | "cut" | "truncate" | "stall" | "malformed";
  /** Events sent of a stream so far. */
  chunks: number;
}

const KEPT_HEADERS = [
  "user-agent",
  "content-type",
  "traceparent",
  "idempotency-key",
  "x-request-id",
  "openai-organization",
] as const;

/** The last requests, oldest first; older ones are forgotten. */
export class RequestLog {
  readonly records: RequestRecord[] = [];
  /** All requests ever, also forgotten ones. */
  total = 0;
  private readonly limit: number;

  constructor(limit: number) {
    this.limit = limit;
  }

  open(request: { method: string; path: string; headers: IncomingHttpHeaders }): RequestRecord {
    const record: RequestRecord = {
      sequence: ++this.total,
      method: request.method,
      path: request.path,
      headers: this.limit > 0 ? kept(request.headers) : {},
      model: "",
      stream: false,
      body: undefined,
      status: 0,
      outcome: "pending",
      chunks: 0,
    };
    if (this.limit === 0) return record;
    this.records.push(record);
    // Rarely and in blocks, because shifting one by one moves the whole list each time.
    if (this.records.length >= this.limit * 2) this.records.splice(0, this.records.length - this.limit);
    return record;
  }
}

function kept(headers: IncomingHttpHeaders): Record<string, string> {
  const result: Record<string, string> = {};
  for (const name of KEPT_HEADERS) {
    const value = headers[name];
    if (typeof value === "string") result[name] = value;
  }
  if (headers.authorization)
    result.authorization = `${headers.authorization.split(" ")[0]} …${headers.authorization.slice(-4)}`;
  return result;
}
