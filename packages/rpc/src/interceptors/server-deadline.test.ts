import { Code } from "@connectrpc/connect";
import { afterEach, describe, expect, it } from "vitest";
import { openNamed, type World } from "../../testing/topologies.ts";

describe.each(["in process", "gRPC"] as const)("the deadline policy %s", (name) => {
  let world: World;
  afterEach(() => world.close());

  it("gives a call without a deadline the default one", async () => {
    world = await openNamed(name, { deadlines: { default: { unary: 50, stream: 60_000 } } });
    await expect(world.client.unary({ failure: "ignore" })).rejects.toMatchObject({ code: Code.DeadlineExceeded });
  });

  it("cuts a deadline that is too long", async () => {
    world = await openNamed(name, { deadlines: { max: { unary: 50, stream: 60_000 } } });
    await expect(world.client.unary({ failure: "ignore" }, { timeoutMs: 60_000 })).rejects.toMatchObject({
      code: Code.DeadlineExceeded,
    });
  });

  it("leaves a shorter deadline as it is", async () => {
    world = await openNamed(name, {
      deadlines: { default: { unary: 60_000, stream: 60_000 }, max: { unary: 60_000, stream: 60_000 } },
    });
    const started = performance.now();
    await expect(world.client.unary({ failure: "ignore" }, { timeoutMs: 50 })).rejects.toMatchObject({
      code: Code.DeadlineExceeded,
    });
    expect(performance.now() - started).toBeLessThan(5_000);
  });
});
