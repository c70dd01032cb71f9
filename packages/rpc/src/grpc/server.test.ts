import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { StatusSchema } from "@agentmesh/contracts/google/rpc/status";
import { Health, HealthCheckResponse_ServingStatus as ServingStatus } from "@agentmesh/contracts/grpc/health/v1/health";
import { fromBinary } from "@bufbuild/protobuf";
import { Code, createClient } from "@connectrpc/connect";
import { Client, credentials, Metadata, type ServiceError } from "@grpc/grpc-js";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { conformanceBinding, Observations } from "../../testing/conformance-service.ts";
import { ConformanceService } from "../../testing/gen/agentmesh/conformance/v1/conformance_pb.ts";
import { withStream } from "../call/with-stream.ts";
import { errorInfoOf } from "../errors/error-info.ts";
import { HealthState } from "../health/health-state.ts";
import { createGrpcServer, type RpcServer } from "./server.ts";
import { createGrpcTransport } from "./transport.ts";

const run = promisify(execFile);
const SERVICE = "agentmesh.conformance.v1.ConformanceService";
const NO_SCOPE = { signal: new AbortController().signal, deadline: undefined, credential: undefined, span: undefined };
const until = (condition: () => void) => vi.waitFor(condition, { timeout: 5_000, interval: 2 });

describe("the gRPC server", () => {
  const health = new HealthState();
  let seen: Observations;
  let server: RpcServer;
  let port: number;
  let transport: ReturnType<typeof createGrpcTransport>;

  beforeEach(async () => {
    seen = new Observations();
    server = createGrpcServer({ bindings: [conformanceBinding(seen)], health });
    port = await server.listen();
    transport = createGrpcTransport({ address: `127.0.0.1:${port}` });
  });
  afterEach(async () => {
    await transport.close();
    await server.close();
  });

  it("keeps errors short whatever callers put into them, so that no call ends the connection of all", async () => {
    const leave = new AbortController();
    const client = createClient(ConformanceService, transport);
    const hanging = client.unary({ failure: "hang" }, { signal: leave.signal }).catch((error: unknown) => error);
    await until(() => expect(seen.started).toBe(1));
    const error = await createClient(Health, transport)
      .check({ service: "ä".repeat(100_000) })
      .catch((thrown: unknown) => thrown);
    expect(errorInfoOf(error)).toMatchObject({ code: Code.NotFound, reason: "UNKNOWN_SERVICE" });
    expect(await client.unary({ text: "x" })).toMatchObject({ text: "x" });
    leave.abort();
    expect(await hanging).toMatchObject({ code: Code.Canceled });
  });

  describe("to a plain grpc-js client", () => {
    const pass = (bytes: Buffer) => bytes;
    const send = (method: string, bytes: Buffer, metadata = new Metadata()) => {
      const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
      return new Promise<{ error: ServiceError | null; answer: Buffer | undefined }>((resolve) => {
        client.makeUnaryRequest(`/${SERVICE}/${method}`, pass, pass, bytes, metadata, (error, answer) => {
          client.close();
          resolve({ error, answer });
        });
      });
    };

    it("refuses malformed protobuf as INVALID_ARGUMENT with details", async () => {
      const { error } = await send("Unary", Buffer.from([0x0a, 0xff, 0xff]));
      expect(error).toMatchObject({ code: Code.InvalidArgument });
      const status = fromBinary(StatusSchema, error?.metadata.get("grpc-status-details-bin")[0] as Buffer);
      expect(status.details[0]?.typeUrl).toBe("type.googleapis.com/google.rpc.ErrorInfo");
      expect(seen.started).toBe(0);
    });

    it("refuses text that is not UTF-8 as INVALID_ARGUMENT", async () => {
      const { error } = await send("Unary", Buffer.from([0x0a, 0x02, 0xc3, 0x28]));
      expect(error).toMatchObject({ code: Code.InvalidArgument });
    });

    it("refuses a malformed message in the middle of a client's stream, and lives on", async () => {
      const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
      const error = await new Promise<ServiceError | null>((resolve) => {
        const call = client.makeClientStreamRequest(`/${SERVICE}/ClientStream`, pass, pass, (failure) =>
          resolve(failure),
        );
        call.write(Buffer.alloc(0));
        call.write(Buffer.from([0x0a, 0xff]));
      });
      client.close();
      expect(error).toMatchObject({ code: Code.InvalidArgument });
      expect((await send("Unary", Buffer.alloc(0))).error).toBeNull();
    });

    it("answers an unknown method with UNIMPLEMENTED", async () => {
      expect((await send("Nothing", Buffer.alloc(0))).error).toMatchObject({ code: Code.Unimplemented });
    });

    it("does not fail a call whose trace header is garbage", async () => {
      const metadata = new Metadata();
      metadata.set("traceparent", "garbage");
      expect((await send("Unary", Buffer.alloc(0), metadata)).error).toBeNull();
    });
  });

  it("tells its health by name, and NOT_FOUND for what nobody knows", async () => {
    const client = createClient(Health, transport);
    health.setReady(false);
    expect(await client.check({ service: "liveness" })).toMatchObject({ status: ServingStatus.SERVING });
    expect(await client.check({ service: "" })).toMatchObject({ status: ServingStatus.NOT_SERVING });
    health.setReady(true, [SERVICE]);
    expect(await client.check({ service: "readiness" })).toMatchObject({ status: ServingStatus.SERVING });
    expect(await client.check({ service: SERVICE })).toMatchObject({ status: ServingStatus.SERVING });
    await expect(client.check({ service: "nobody" })).rejects.toMatchObject({ code: Code.NotFound });
    expect(Object.keys((await client.list({})).statuses)).toContain("liveness");
  });

  it("reports every change of health to those who watch", async () => {
    health.setReady(false);
    const states: number[] = [];
    await withStream(NO_SCOPE, async (options) => {
      for await (const { status } of createClient(Health, transport).watch({ service: "readiness" }, options)) {
        states.push(status);
        if (states.length === 1) health.setReady(true);
        if (states.length === 2) return;
      }
    });
    expect(states).toEqual([ServingStatus.NOT_SERVING, ServingStatus.SERVING]);
  });

  it("describes itself to buf curl, which then calls it without proto files", async () => {
    const url = `http://127.0.0.1:${port}`;
    const flags = ["curl", "--http2-prior-knowledge", "--protocol", "grpc"];
    for (const version of ["v1", "v1alpha"]) {
      const reflect = [...flags, "--reflect", "--reflect-protocol", `grpc-${version}`];
      const { stdout: listed } = await run("buf", [...reflect, "--list-methods", url]);
      expect(listed).toContain(`${SERVICE}/ServerStream`);
      expect(listed).toContain("grpc.health.v1.Health/Check");
      const { stdout } = await run("buf", [
        ...reflect,
        "-d",
        '{"text":"hi","count":2}',
        `${url}/${SERVICE}/ServerStream`,
      ]);
      expect(stdout.match(/"text":\s*"hi"/g)).toHaveLength(2);
    }
  }, 60_000);

  describe("when it drains", () => {
    it("finishes open calls and takes no new ones", async () => {
      const call = createClient(ConformanceService, transport).clientStream(slowly());
      await until(() => expect(seen.received).toBe(1));
      const drained = server.drain(10_000);
      const late = createGrpcTransport({ address: `127.0.0.1:${port}` });
      await expect(createClient(ConformanceService, late).unary({})).rejects.toMatchObject({ code: Code.Unavailable });
      await late.close();
      finish();
      expect((await call).index).toBe(2);
      await drained;
    });

    it("ends calls that outlast its patience with UNAVAILABLE and when to try again", async () => {
      const call = createClient(ConformanceService, transport)
        .unary({ failure: "ignore" })
        .catch((error: unknown) => error);
      await until(() => expect(seen.started).toBe(1));
      await server.drain(20);
      expect(await call).toMatchObject({
        code: Code.Unavailable,
        rawMessage: expect.stringContaining("shutting down"),
      });
      expect(seen.reasons).toHaveLength(1);
    });

    it("is done at once when nothing is open, and may be closed afterwards", async () => {
      await createClient(ConformanceService, transport).unary({});
      await server.drain(10_000);
      await server.close();
    });

    let finish = () => {};
    async function* slowly() {
      yield { text: "a" };
      await new Promise<void>((resolve) => {
        finish = resolve;
      });
      yield { text: "b" };
    }
  });

  it("hides addresses from the error of a service that cannot be reached", async () => {
    await server.close();
    const error = await createClient(ConformanceService, transport)
      .unary({})
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: Code.Unavailable, rawMessage: "the service cannot be reached" });
  });
});
