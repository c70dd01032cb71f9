import { attributes } from "@agentmesh/telemetry";
import { type OtlpReceiver, startOtlpReceiver } from "@agentmesh/telemetry/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openNamed } from "../../testing/topologies.ts";
import { CallValues } from "../call/call-values.ts";

describe.each(["in process", "gRPC"] as const)("tracing %s", (name) => {
  let receiver: OtlpReceiver;
  beforeAll(async () => {
    receiver = await startOtlpReceiver();
  });
  afterAll(() => receiver.close());

  it("records the caller's, the client's and the server's span, each under the one before", async () => {
    const world = await openNamed(name, { otlpEndpoint: receiver.endpoint });
    const root = world.telemetry.tracer.start("root", { kind: "internal" });
    const options = { contextValues: new CallValues(undefined, undefined, root) };
    await world.client.unary({}, options);
    await world.client.unary({ failure: "domain" }, options).catch(() => {});
    root.end();
    await world.close();
    const spans = await receiver.waitFor((received) => received.length >= 5);
    const calls = spans.filter((span) => span.name === "agentmesh.conformance.v1.ConformanceService/Unary");
    const clients = calls.filter(({ kind }) => kind === 3);
    const servers = calls.filter(({ kind }) => kind === 2);
    expect(clients.map(({ parentSpanId }) => parentSpanId)).toEqual([root.spanId, root.spanId]);
    expect(new Set(servers.map(({ parentSpanId }) => parentSpanId))).toEqual(
      new Set(clients.map(({ spanId }) => spanId)),
    );
    expect(new Set(spans.map(({ traceId }) => traceId)).size).toBe(1);
    const failed = servers.find((span) => span.attributes[attributes.rpcStatus] === "FAILED_PRECONDITION");
    expect(failed).toMatchObject({ statusCode: 2 });
  });
});
