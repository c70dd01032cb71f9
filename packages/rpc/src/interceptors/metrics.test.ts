import { parseExposition } from "@agentmesh/telemetry/testing";
import { describe, expect, it, vi } from "vitest";
import { openNamed } from "../../testing/topologies.ts";
import { withStream } from "../call/with-stream.ts";

describe.each(["in process", "gRPC"] as const)("the metrics of calls %s", (name) => {
  it("count each call by method and status on both sides, and nothing stays in flight", async () => {
    const world = await openNamed(name);
    const { address, close } = await world.telemetry.serveMetrics({ host: "127.0.0.1", port: 0 });
    const scope = { signal: new AbortController().signal, deadline: undefined, credential: undefined, span: undefined };
    await world.client.unary({});
    await world.client.unary({ failure: "domain" }).catch(() => {});
    await world.client.unary({ failure: "unknown" }).catch(() => {});
    await world.client.unary({ failure: "hang" }, { timeoutMs: 50 }).catch(() => {});
    await withStream(scope, async (options) => {
      for await (const _ of world.client.serverStream({ count: 5, failure: "hang" }, options)) break;
    });
    await vi.waitFor(async () => {
      const url = address.startsWith("http") ? address : `http://${address}`;
      const text = await (
        await fetch(new URL("/metrics", url), { headers: { accept: "application/openmetrics-text" } })
      ).text();
      const { samples } = parseExposition(text);
      const count = (metric: string, code: string) =>
        samples
          .filter((sample) => sample.name === `${metric}_count` && sample.labels.code === code)
          .reduce((sum, { value }) => sum + value, 0);
      expect(count("rpc_server_duration_seconds", "OK")).toBe(1);
      expect(count("rpc_server_duration_seconds", "FAILED_PRECONDITION")).toBe(1);
      expect(count("rpc_server_duration_seconds", "INTERNAL")).toBe(1);
      expect(count("rpc_server_duration_seconds", "CANCELLED")).toBe(1); // The stream that was left.
      expect(count("rpc_server_duration_seconds", "DEADLINE_EXCEEDED")).toBe(1);
      expect(count("rpc_client_duration_seconds", "CANCELLED")).toBe(1);
      expect(count("rpc_client_duration_seconds", "DEADLINE_EXCEEDED")).toBe(1);
      const inFlight = samples.filter((sample) => sample.name === "rpc_client_in_flight");
      expect(inFlight.map(({ value }) => value)).toEqual([0]);
    });
    await close();
    await world.close();
  });
});
