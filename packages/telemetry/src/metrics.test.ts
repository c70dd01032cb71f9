import { afterEach, describe, expect, test } from "vitest";
import { createTelemetry, defineMetric, NO_SPAN, type Span, sharedMetrics, type Telemetry } from "./index.ts";
import { parseExposition } from "./testing.ts";

const OPEN_METRICS = "application/openmetrics-text; version=1.0.0";
const traced: Span = { ...NO_SPAN, traceId: "a".repeat(32), spanId: "b".repeat(16), recording: true };

const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function open(): Promise<{ telemetry: Telemetry; scrape: (accept?: string) => Promise<Response>; url: string }> {
  const telemetry = await createTelemetry({ service: "agentmesh", level: "silent" });
  const server = await telemetry.serveMetrics({ host: "127.0.0.1", port: 0 });
  cleanups.push(() => telemetry.shutdown(), server.close);
  const url = `http://${server.address}/metrics`;
  return { telemetry, url, scrape: (accept = OPEN_METRICS) => fetch(url, { headers: { accept } }) };
}

describe("/metrics", () => {
  test("names the module that counted in the label service", async () => {
    const { telemetry, scrape } = await open();
    telemetry.forModule("cost").metrics.counter(sharedMetrics.toolCalls).add(2, { tool_name: "clock", status: "ok" });
    telemetry.forModule("memory").metrics.counter(sharedMetrics.toolCalls).add(1, { tool_name: "clock", status: "ok" });

    const { samples } = parseExposition(await (await scrape()).text());

    const calls = samples.filter((sample) => sample.name === "tool_calls_total");
    expect(calls.map(({ labels, value }) => [labels.service, value])).toEqual([
      ["cost", 2],
      ["memory", 1],
    ]);
  });

  test("counts observations cumulatively per bucket, with sum, count and +Inf", async () => {
    const { telemetry, scrape } = await open();
    const definition = defineMetric({ name: "wait_seconds", help: "h", type: "histogram", buckets: [0.1, 1] });
    const histogram = telemetry.metrics.histogram(definition);
    for (const value of [0.05, 0.1, 0.5, 7]) histogram.observe(value);

    const { samples, types } = parseExposition(await (await scrape()).text());

    expect(types.wait_seconds).toBe("histogram");
    const own = samples.filter((sample) => sample.name.startsWith("wait_seconds"));
    expect(own.map(({ name, labels, value }) => [name, labels.le, value])).toEqual([
      ["wait_seconds_bucket", "0.1", 2],
      ["wait_seconds_bucket", "1", 3],
      ["wait_seconds_bucket", "+Inf", 4],
      ["wait_seconds_sum", undefined, 7.65],
      ["wait_seconds_count", undefined, 4],
    ]);
  });

  test("gives the trace of the last traced observation as the exemplar of its bucket, in OpenMetrics only", async () => {
    const { telemetry, scrape } = await open();
    const labels = { model: "simulator-small", status: "ok" };
    const latency = telemetry.metrics.histogram(sharedMetrics.llmCallLatency);
    latency.observe(0.3, labels, traced);
    latency.observe(0.3, labels, NO_SPAN);
    telemetry.metrics.counter(sharedMetrics.llmTokens).add(5, { model: "m", token_type: "input" }, traced);

    const open_ = parseExposition(await (await scrape()).text());
    const plain = parseExposition(await (await scrape("text/plain")).text());

    const withExemplar = open_.samples.filter((sample) => sample.exemplar);
    expect(
      withExemplar.map(({ name, labels: { le }, exemplar }) => [name, le, exemplar?.labels.trace_id, exemplar?.value]),
    ).toEqual([
      ["llm_call_latency_seconds_bucket", "0.5", traced.traceId, 0.3],
      ["llm_tokens_total", undefined, traced.traceId, 5],
    ]);
    expect(Math.abs(withExemplar[0]!.exemplar!.timestamp - Date.now() / 1000)).toBeLessThan(60);
    expect(plain.samples.some((sample) => sample.exemplar)).toBe(false);
  });

  test("keeps names and values the same whichever format was asked for before", async () => {
    const { telemetry, scrape } = await open();
    telemetry.metrics.counter(sharedMetrics.toolCalls).add(1, { tool_name: "clock", status: "ok" });
    await (await scrape()).text();

    const response = await scrape("text/plain");
    const { types, samples } = parseExposition(await response.text());

    expect(response.headers.get("content-type")).toContain("version=0.0.4");
    expect(types.tool_calls_total).toBe("counter");
    expect(types.process_cpu_seconds_total).toBe("counter");
    expect(samples.some((sample) => sample.name === "process_cpu_seconds_total")).toBe(true);
  });

  test("ends OpenMetrics with EOF and names counter families without _total", async () => {
    const { telemetry, scrape } = await open();
    telemetry.metrics.counter(sharedMetrics.toolCalls).add(1, { tool_name: "clock", status: "ok" });

    const response = await scrape();
    const text = await response.text();

    expect(response.headers.get("content-type")).toContain("application/openmetrics-text");
    expect(text.endsWith("# EOF\n")).toBe(true);
    expect(parseExposition(text).types.tool_calls).toBe("counter");
  });

  test("reports the process: CPU, memory and event-loop lag", async () => {
    const { scrape } = await open();
    const names = new Set(parseExposition(await (await scrape()).text()).samples.map((sample) => sample.name));
    for (const name of [
      "process_resident_memory_bytes",
      "process_cpu_seconds_total",
      "nodejs_eventloop_lag_p99_seconds",
    ]) {
      expect(names).toContain(name);
    }
  });

  test("escapes hostile label values so that the text still parses", async () => {
    const { telemetry, scrape } = await open();
    const hostile = 'a"b\\c\nd{},= # EOF';
    telemetry.metrics.gauge(sharedMetrics.llmCallsInFlight).set(1, { model: hostile });

    const { samples } = parseExposition(await (await scrape()).text());

    expect(samples.find((sample) => sample.name === "llm_calls_in_flight")?.labels.model).toBe(hostile);
  });

  test("answers only GET and HEAD of /metrics", async () => {
    const { url } = await open();
    expect((await fetch(url.replace("/metrics", "/secrets"))).status).toBe(404);
    expect((await fetch(url, { method: "POST" })).status).toBe(405);
    expect((await fetch(url, { method: "HEAD" })).status).toBe(200);
  });

  test("fails to start on a taken port instead of serving nothing", async () => {
    const { telemetry, url } = await open();
    await expect(telemetry.serveMetrics({ host: "127.0.0.1", port: Number(new URL(url).port) })).rejects.toThrow(
      /EADDRINUSE/,
    );
  });
});

describe("instruments", () => {
  test("ignore values that would spoil a series: negative counts and not-a-numbers", async () => {
    const { telemetry, scrape } = await open();
    const counter = telemetry.metrics.counter(defineMetric({ name: "odd_total", help: "h", type: "counter" }));
    counter.add(2);
    counter.add(-1);
    counter.add(Number.NaN);

    const { samples } = parseExposition(await (await scrape()).text());

    expect(samples.find((sample) => sample.name === "odd_total")?.value).toBe(2);
  });

  test("count together what exceeds the limit of series, so that a hostile label cannot fill the memory", async () => {
    const { telemetry, scrape } = await open();
    const counter = telemetry.metrics.counter(sharedMetrics.toolCalls);
    for (let i = 0; i < 3_000; i++) counter.add(1, { tool_name: `tool-${i}`, status: "ok" });

    const { samples } = parseExposition(await (await scrape()).text());

    const calls = samples.filter((sample) => sample.name === "tool_calls_total");
    expect(calls.length).toBe(2_001);
    expect(calls.find((sample) => sample.labels.tool_name === "overflow")?.value).toBe(1_000);
  });

  test("refuse two declarations of one name that differ", async () => {
    const { telemetry } = await open();
    telemetry.metrics.counter(defineMetric({ name: "twice_total", help: "h", type: "counter", labels: ["a"] }));
    const other = defineMetric({ name: "twice_total", help: "h", type: "counter", labels: ["b"] });
    expect(() => telemetry.forModule("cost").metrics.counter(other)).toThrow(/twice_total is declared twice/);
  });

  test("cost less than a microsecond", async () => {
    const { telemetry } = await open();
    const histogram = telemetry.metrics.histogram(sharedMetrics.rpcServerDuration);
    const observe = (times: number) => {
      for (let i = 0; i < times; i++)
        histogram.observe(0.003, { rpc_service: "a.B", rpc_method: "C", code: "OK" }, traced);
    };
    observe(50_000);
    const start = process.cpuUsage();
    observe(500_000);
    const { user, system } = process.cpuUsage(start);
    expect((user + system) / 500_000).toBeLessThan(1);
  });
});

describe("defineMetric", () => {
  test("refuses ids as labels, reserved labels, bad names, and histograms without ascending buckets", () => {
    const counter = (name: string, labels: string[] = []) => defineMetric({ name, help: "h", type: "counter", labels });
    expect(() => counter("calls_total", ["run_id"])).toThrow(/run_id has no bound/);
    expect(() => counter("calls_total", ["service"])).toThrow(/service is not allowed/);
    expect(() => counter("calls")).toThrow(/_total/);
    expect(() => counter("Calls_total")).toThrow(/snake_case/);
    expect(() => defineMetric({ name: "x_seconds", help: "h", type: "histogram", buckets: [1, 1] })).toThrow(
      /ascending/,
    );
    expect(() => defineMetric({ name: "x_seconds", help: "h", type: "histogram" })).toThrow(/ascending/);
  });
});
