import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { conformanceBinding, Observations } from "../../testing/conformance-service.ts";
import { ConformanceService } from "../../testing/gen/agentmesh/conformance/v1/conformance_pb.ts";
import { openSilentProxy, type SilentProxy } from "../../testing/silent-proxy.ts";
import { withStream } from "../call/with-stream.ts";
import { createGrpcServer, type RpcServer } from "../grpc/server.ts";
import { createGrpcTransport } from "../grpc/transport.ts";

const keepalive = { intervalMs: 100, timeoutMs: 100 };
const until = (condition: () => void) => vi.waitFor(condition, { timeout: 5_000, interval: 5 });

describe("a peer that falls silent", () => {
  let seen: Observations;
  let server: RpcServer;
  let proxy: SilentProxy;
  let transport: ReturnType<typeof createGrpcTransport>;

  beforeEach(async () => {
    seen = new Observations();
    server = createGrpcServer({ bindings: [conformanceBinding(seen)], keepalive });
    proxy = await openSilentProxy(await server.listen());
    transport = createGrpcTransport({ address: `127.0.0.1:${proxy.port}`, keepalive });
  });
  afterEach(async () => {
    await transport.close();
    await proxy.close();
    await server.close();
  });

  it("fails a waiting call that has no deadline with UNAVAILABLE, and cancels its handler", async () => {
    const call = createClient(ConformanceService, transport)
      .unary({ failure: "hang" })
      .catch((error: unknown) => error);
    await until(() => expect(seen.started).toBe(1));
    proxy.silence();
    expect(await call).toMatchObject({ code: Code.Unavailable });
    expect(await call).toBeInstanceOf(ConnectError);
    await until(() => expect(seen.reasons[0]).toMatchObject({ code: Code.Canceled }));
  });

  it("ends an open stream with UNAVAILABLE after the messages that arrived, and closes its handler", async () => {
    let count = 0;
    const scope = { signal: new AbortController().signal, deadline: undefined, credential: undefined, span: undefined };
    const stream = withStream(scope, async (options) => {
      for await (const _ of createClient(ConformanceService, transport).serverStream(
        { count: 3, failure: "hang" },
        options,
      )) {
        if (++count === 3) proxy.silence();
      }
    });
    await expect(stream).rejects.toMatchObject({ code: Code.Unavailable });
    expect(count).toBe(3);
    await until(() => expect(seen.closed).toBe(1));
  });
});
