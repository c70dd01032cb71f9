import { Code } from "@connectrpc/connect";
import { afterEach, describe, expect, it, vi } from "vitest";
import { openNamed, type World } from "../../testing/topologies.ts";
import { withStream } from "../call/with-stream.ts";
import { errorInfoOf } from "../errors/error-info.ts";
import { createConcurrencyLimiter } from "./concurrency-limiter.ts";

const until = (condition: () => void) => vi.waitFor(condition, { timeout: 5_000, interval: 2 });

describe.each(["in process", "gRPC"] as const)("load shedding %s", (name) => {
  let world: World;
  afterEach(() => world.close());

  it("refuses calls above the limit with RESOURCE_EXHAUSTED and when to come back, and frees places afterwards", async () => {
    const limiter = createConcurrencyLimiter({ limit: 2 });
    world = await openNamed(name, { limiter });
    const controller = new AbortController();
    const held = [1, 2].map(() =>
      world.client.unary({ failure: "hang" }, { signal: controller.signal }).catch(() => {}),
    );
    await until(() => expect(world.seen.started).toBe(2));
    const error = await world.client.unary({}).catch((thrown: unknown) => thrown);
    expect(errorInfoOf(error)).toMatchObject({
      code: Code.ResourceExhausted,
      reason: "OVERLOADED",
      retryAfterMs: expect.any(Number),
    });
    controller.abort();
    await Promise.all(held);
    await until(() => expect(limiter.inFlight).toBe(0));
    expect(await world.client.unary({ text: "x" })).toMatchObject({ text: "x" });
  });

  it("counts a stream for as long as it is open, also one that is left", async () => {
    const limiter = createConcurrencyLimiter({ limit: 1 });
    world = await openNamed(name, { limiter });
    const scope = { signal: new AbortController().signal, deadline: undefined, credential: undefined, span: undefined };
    await withStream(scope, async (options) => {
      for await (const _ of world.client.serverStream({ count: 2, failure: "hang" }, options)) {
        await expect(world.client.unary({})).rejects.toMatchObject({ code: Code.ResourceExhausted });
        break;
      }
    });
    await until(() => expect(limiter.inFlight).toBe(0));
    expect(await world.client.unary({ text: "x" })).toMatchObject({ text: "x" });
  });

  it("frees the place of a stream whose time is up although its reader has stopped to read", async () => {
    const limiter = createConcurrencyLimiter({ limit: 1 });
    const deadlines = { default: { unary: 60_000, stream: 200 } };
    world = await openNamed(name, { limiter, deadlines });
    const scope = { signal: new AbortController().signal, deadline: undefined, credential: undefined, span: undefined };
    await withStream(scope, async (options) => {
      const large = { count: 10_000, text: "x".repeat(100_000) };
      for await (const _ of world.client.serverStream(large, options)) {
        await until(() => expect(limiter.inFlight).toBe(0));
        break;
      }
    });
  });
});
