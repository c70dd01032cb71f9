import { DependencyStatus } from "@agentmesh/contracts/diagnostics/v1/diagnostics";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import { describe, expect, it } from "vitest";
import { openNamed } from "../../testing/topologies.ts";

describe("a dependency's state", () => {
  it("is unused before the first call, ok after an answer, failing after a fault, and ok again", async () => {
    const world = await openNamed("gRPC");
    expect(world.dependency.state()).toMatchObject({ name: "conformance", status: DependencyStatus.UNUSED });
    await world.client.unary({});
    const { status, lastSuccess, latency } = world.dependency.state();
    expect(status).toBe(DependencyStatus.OK);
    expect(latency).toBeDefined();
    expect(Math.abs(timestampMs(lastSuccess!) - Date.now())).toBeLessThan(10_000);
    await world.client.unary({ failure: "unknown" }).catch(() => {});
    expect(world.dependency.state()).toMatchObject({ status: DependencyStatus.FAILING, lastError: "INTERNAL" });
    await world.client.unary({});
    expect(world.dependency.state()).toMatchObject({ status: DependencyStatus.OK, lastError: "" });
    await world.close();
  });

  it("does not call it a fault when it rightly refuses a request, or when the caller gives up", async () => {
    const world = await openNamed("in process");
    await world.client.unary({ failure: "domain" }).catch(() => {});
    await world.client.unary({ failure: "hang" }, { signal: AbortSignal.timeout(10) }).catch(() => {});
    expect(world.dependency.state().lastError).not.toBe("CANCELLED");
    expect(world.dependency.state().lastSuccess).toBeDefined();
    await world.close();
  });

  it("says nothing of where the dependency is when it cannot be reached", async () => {
    const world = await openNamed("gRPC");
    await world.client.unary({});
    await world.close();
    await world.client.unary({}).catch(() => {});
    expect(world.dependency.state()).toMatchObject({ status: DependencyStatus.FAILING, lastError: "TRANSPORT_CLOSED" });
  });
});
