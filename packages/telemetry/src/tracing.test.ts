import { createServer } from "node:net";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  attributes,
  createTelemetry,
  events,
  NO_SPAN,
  parseTraceparent,
  spanNames,
  type TelemetryOptions,
} from "./index.ts";
import { type OtlpReceiver, startOtlpReceiver } from "./testing.ts";

let receiver: OtlpReceiver;
beforeEach(async () => {
  receiver = await startOtlpReceiver();
});
afterEach(() => receiver.close());

const open = (options: Partial<TelemetryOptions> = {}) =>
  createTelemetry({ service: "agentmesh", level: "silent", otlpEndpoint: receiver.endpoint, ...options });

describe("tracing over OTLP", () => {
  test("delivers spans with explicit parents, kinds, attributes, module and resource", async () => {
    const telemetry = await open({ resource: { "service.version": "1.2.3" } });
    const server = telemetry.forModule("gateway").tracer.start("a.B/Run", { kind: "server" });
    const client = telemetry.forModule("orchestrator").tracer.start(spanNames.chat("simulator-small"), {
      kind: "client",
      parent: server,
      attributes: { [attributes.requestModel]: "simulator-small", absent: undefined },
    });
    client.set({ [attributes.inputTokens]: 12, ok: true, ratio: 0.5, list: ["a", "b"] });
    client.end();
    server.end();
    await telemetry.shutdown();

    const [child, root] = receiver.spans;
    expect(receiver.spans).toHaveLength(2);
    expect(root).toMatchObject({
      name: "a.B/Run",
      kind: 2,
      parentSpanId: "",
      traceId: server.traceId,
      service: "agentmesh",
    });
    expect(root!.attributes).toEqual({ [attributes.module]: "gateway" });
    expect(root!.resource).toMatchObject({ "service.version": "1.2.3" });
    expect(child).toMatchObject({
      name: "chat simulator-small",
      kind: 3,
      traceId: root!.traceId,
      parentSpanId: root!.spanId,
    });
    expect(child!.attributes).toEqual({
      [attributes.module]: "orchestrator",
      "gen_ai.request.model": "simulator-small",
      "gen_ai.usage.input_tokens": 12,
      ok: true,
      ratio: 0.5,
      list: ["a", "b"],
    });
  });

  test("joins the caller's trace through traceparent, as the other process wrote it", async () => {
    const [caller, callee] = [await open({ service: "gateway" }), await open({ service: "cost" })];
    const outer = caller.tracer.start("call", { kind: "client" });
    const inner = callee.tracer.start("serve", { kind: "server", traceparent: outer.traceparent() });
    inner.end();
    outer.end();
    await Promise.all([caller.shutdown(), callee.shutdown()]);

    const served = receiver.spans.find((span) => span.name === "serve");
    expect(served).toMatchObject({ traceId: outer.traceId, parentSpanId: outer.spanId, service: "cost" });
    expect(receiver.spans.find((span) => span.name === "call")?.service).toBe("gateway");
  });

  test("a broken traceparent starts a new trace", async () => {
    const telemetry = await open();
    const span = telemetry.tracer.start("serve", { kind: "server", traceparent: "00-nonsense" });
    expect(span.traceId).toMatch(/^[0-9a-f]{32}$/);
    expect(span.recording).toBe(true);
    await telemetry.shutdown();
  });

  test("a failed span carries the error's reason and nothing of its message", async () => {
    const telemetry = await open();
    const span = telemetry.tracer.start("work", { kind: "internal" });
    span.fail(Object.assign(new Error("card 4111 1111"), { reason: "HOLD_NOT_FOUND" }));
    span.end();
    span.end();
    await telemetry.shutdown();

    expect(receiver.spans).toHaveLength(1);
    expect(receiver.spans[0]).toMatchObject({ statusCode: 2, attributes: { "error.type": "HOLD_NOT_FOUND" } });
    expect(JSON.stringify(receiver.spans)).not.toContain("4111");
  });

  test("flush delivers what has ended without waiting for the batch", async () => {
    const telemetry = await open();
    telemetry.tracer.start("quick", { kind: "internal" }).end();
    await telemetry.flush();
    expect(receiver.spans.map((span) => span.name)).toEqual(["quick"]);
    await telemetry.shutdown();
  });

  test("log lines inside a span carry its ids", async () => {
    const lines: Record<string, unknown>[] = [];
    const telemetry = await open({ level: "info", destination: { write: (line) => lines.push(JSON.parse(line)) } });
    const span = telemetry.tracer.start("work", { kind: "internal" });
    telemetry.logger.event(events.processStopping, {}, span);
    span.end();
    await telemetry.shutdown();
    expect(lines[0]).toMatchObject({ trace_id: receiver.spans[0]!.traceId, span_id: receiver.spans[0]!.spanId });
  });
});

describe("sampling", () => {
  test("ratio 0 records nothing, yet ids and the caller's view travel on as not sampled", async () => {
    const telemetry = await open({ sampleRatio: 0 });
    const root = telemetry.tracer.start("root", { kind: "server" });
    const child = telemetry.tracer.start("child", { kind: "internal", parent: root });
    child.end();
    root.end();
    expect(root.recording).toBe(false);
    expect(child.traceId).toBe(root.traceId);
    expect(parseTraceparent(child.traceparent())?.sampled).toBe(false);
    await telemetry.shutdown();
    expect(receiver.spans).toEqual([]);
  });

  test("follows the caller's decision whatever the ratio is", async () => {
    const telemetry = await open({ sampleRatio: 0 });
    const sampled = `00-${"a".repeat(32)}-${"b".repeat(16)}-01`;
    telemetry.tracer.start("kept", { kind: "server", traceparent: sampled }).end();
    await telemetry.shutdown();
    expect(receiver.spans.map((span) => span.name)).toEqual(["kept"]);
  });

  test("a ratio of one half keeps about half of the traces", async () => {
    const telemetry = await open({ sampleRatio: 0.5 });
    let kept = 0;
    for (let i = 0; i < 2_000; i++) if (telemetry.tracer.start("x", { kind: "internal" }).recording) kept++;
    expect(kept).toBeGreaterThan(850);
    expect(kept).toBeLessThan(1_150);
    await telemetry.shutdown();
  });
});

describe("without a collector", () => {
  test("every span is the one constant that does nothing", async () => {
    const telemetry = await createTelemetry({ service: "cost", level: "silent" });
    const span = telemetry
      .forModule("cost")
      .tracer.start("work", { kind: "server", traceparent: `00-${"a".repeat(32)}-${"b".repeat(16)}-01` });
    expect(span).toBe(NO_SPAN);
    expect(telemetry.tracer.enabled).toBe(false);
    expect(span.traceparent()).toBe("");
    await telemetry.shutdown();
  });

  test("a span costs less than a tenth of a microsecond", async () => {
    const { tracer } = await createTelemetry({ service: "cost", level: "silent" });
    const run = (times: number) => {
      for (let i = 0; i < times; i++) tracer.start("work", { kind: "server" }).end();
    };
    run(100_000);
    const start = process.cpuUsage();
    run(2_000_000);
    expect(process.cpuUsage(start).user / 2_000_000).toBeLessThan(0.1);
  });

  test("a collector that never answers delays the shutdown by seconds, not for ever, and harms nothing", async () => {
    const silent = createServer(() => {}).listen(0, "127.0.0.1");
    await new Promise((resolve) => silent.once("listening", resolve));
    const { port } = silent.address() as { port: number };
    const telemetry = await open({ otlpEndpoint: `http://127.0.0.1:${port}` });
    telemetry.tracer.start("lost", { kind: "internal" }).end();
    const start = Date.now();
    await telemetry.shutdown();
    expect(Date.now() - start).toBeLessThan(6_000);
    silent.close();
  });
});

describe("traceparent", () => {
  test.each([
    ["not a header", "hello"],
    ["too short", "00-abc-def-01"],
    ["upper case", `00-${"A".repeat(32)}-${"b".repeat(16)}-01`],
    ["all-zero trace", `00-${"0".repeat(32)}-${"b".repeat(16)}-01`],
    ["all-zero span", `00-${"a".repeat(32)}-${"0".repeat(16)}-01`],
    ["forbidden version", `ff-${"a".repeat(32)}-${"b".repeat(16)}-01`],
    ["version 00 with more", `00-${"a".repeat(32)}-${"b".repeat(16)}-01-x`],
    ["huge", `00-${"a".repeat(32)}-${"b".repeat(16)}-01-${"x".repeat(10_000)}`],
    ["empty", ""],
  ])("%s is refused", (_name, header) => {
    expect(parseTraceparent(header)).toBeUndefined();
  });

  test("later versions may carry more", () => {
    expect(parseTraceparent(`01-${"a".repeat(32)}-${"b".repeat(16)}-00-more`)).toEqual({
      traceId: "a".repeat(32),
      spanId: "b".repeat(16),
      sampled: false,
    });
  });
});
