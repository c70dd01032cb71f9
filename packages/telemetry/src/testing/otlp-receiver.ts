import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { readFields, type WireField } from "./protobuf-fields.ts";

/** A span as a collector receives it. */
export interface ReceivedSpan {
  /** 32 hex digits. */
  readonly traceId: string;
  readonly spanId: string;
  /** Empty for the root of a trace. */
  readonly parentSpanId: string;
  readonly name: string;
  /** OTLP: 1 internal, 2 server, 3 client. */
  readonly kind: number;
  readonly attributes: Readonly<Record<string, unknown>>;
  /** OTLP status: 0 unset, 1 ok, 2 error. */
  readonly statusCode: number;
  /** The resource's `service.name`. */
  readonly service: string;
  readonly resource: Readonly<Record<string, unknown>>;
}

/** A collector for tests. */
export interface OtlpReceiver {
  /** Give this as the OTLP endpoint. */
  readonly endpoint: string;
  /** Everything received so far, in order of arrival (children end before parents). */
  readonly spans: readonly ReceivedSpan[];
  /** Resolves once the predicate holds over what was received; rejects after the time-out (default 10 s). */
  waitFor(predicate: (spans: readonly ReceivedSpan[]) => boolean, timeoutMs?: number): Promise<readonly ReceivedSpan[]>;
  close(): Promise<void>;
}

/** Starts a collector for OTLP traces (protobuf over HTTP) on a free loopback port. */
export async function startOtlpReceiver(): Promise<OtlpReceiver> {
  const spans: ReceivedSpan[] = [];
  const waiting = new Set<() => void>();
  const server = createServer(async (request, response) => {
    const body = await buffer(request);
    if (request.url === "/v1/traces") spans.push(...spansOf(body));
    response.writeHead(request.url === "/v1/traces" ? 200 : 404, { "content-type": "application/x-protobuf" }).end();
    for (const check of waiting) check();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spans,
    waitFor: (predicate, timeoutMs = 10_000) => waitUntil({ spans, waiting, predicate, timeoutMs }),
    close: async () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

interface Wait {
  readonly spans: readonly ReceivedSpan[];
  readonly waiting: Set<() => void>;
  readonly predicate: (spans: readonly ReceivedSpan[]) => boolean;
  readonly timeoutMs: number;
}

function waitUntil({ spans, waiting, predicate, timeoutMs }: Wait): Promise<readonly ReceivedSpan[]> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      waiting.delete(check);
      reject(
        new Error(`spans did not arrive in ${timeoutMs} ms; there are: ${spans.map((span) => span.name).join(", ")}`),
      );
    }, timeoutMs);
    const check = () => {
      if (!predicate(spans)) return;
      clearTimeout(timer);
      waiting.delete(check);
      resolve(spans);
    };
    waiting.add(check);
    check();
  });
}

// Field numbers: opentelemetry-proto, collector/trace/v1, trace/v1, resource/v1 and common/v1.
function spansOf(request: Uint8Array): ReceivedSpan[] {
  return all(readFields(request), 1).flatMap((resourceSpans) => {
    const fields = readFields(resourceSpans);
    const resource = attributesOf(readFields(one(fields, 1).bytes), 1);
    const spans = all(fields, 2).flatMap((scopeSpans) => all(readFields(scopeSpans), 2));
    return spans.map((span) => spanOf(readFields(span), resource));
  });
}

function spanOf(fields: readonly WireField[], resource: Record<string, unknown>): ReceivedSpan {
  return {
    traceId: hex(one(fields, 1).bytes),
    spanId: hex(one(fields, 2).bytes),
    parentSpanId: hex(one(fields, 4).bytes),
    name: text(one(fields, 5).bytes),
    kind: Number(one(fields, 6).bits),
    attributes: attributesOf(fields, 9),
    statusCode: Number(one(readFields(one(fields, 15).bytes), 3).bits),
    service: String(resource["service.name"]),
    resource,
  };
}

function attributesOf(fields: readonly WireField[], number: number): Record<string, unknown> {
  const pairs = all(fields, number).map((pair) => {
    const keyValue = readFields(pair);
    return [text(one(keyValue, 1).bytes), attributeValue(readFields(one(keyValue, 2).bytes)[0])] as const;
  });
  return Object.fromEntries(pairs);
}

function attributeValue(field: WireField | undefined): unknown {
  switch (field?.number) {
    case 1:
      return text(field.bytes);
    case 2:
      return field.bits === 1n;
    case 3:
      return Number(BigInt.asIntN(64, field.bits));
    case 4:
      return new Float64Array(BigUint64Array.of(field.bits).buffer)[0];
    case 5:
      return all(readFields(field.bytes), 1).map((item) => attributeValue(readFields(item)[0]));
    default:
      return undefined;
  }
}

const NOTHING: WireField = { number: 0, bits: 0n, bytes: new Uint8Array() };

function one(fields: readonly WireField[], number: number): WireField {
  return fields.find((field) => field.number === number) ?? NOTHING;
}

function all(fields: readonly WireField[], number: number): Uint8Array[] {
  return fields.filter((field) => field.number === number).map((field) => field.bytes);
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("utf8");
}
