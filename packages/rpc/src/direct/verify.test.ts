import { create } from "@bufbuild/protobuf";
import { createClient } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { conformanceBinding, Observations } from "../../testing/conformance-service.ts";
import { ConformanceService, EchoRequestSchema } from "../../testing/gen/agentmesh/conformance/v1/conformance_pb.ts";
import { bind, type ServiceBinding } from "../binding.ts";
import { createDirectTransport } from "./transport.ts";

function open(verify: boolean, unary?: (request: { payload: Uint8Array; text: string }) => unknown) {
  const seen = new Observations();
  const base = conformanceBinding(seen);
  const implementation = { ...base.implementation, ...(unary === undefined ? {} : { unary }) };
  const bindings: ServiceBinding[] = [bind(ConformanceService, implementation as never)];
  return {
    seen,
    client: createClient(ConformanceService, createDirectTransport({ bindings: () => bindings, verify })),
  };
}

describe("the in-process transport", () => {
  it("passes messages by reference", async () => {
    const { client, seen } = open(false);
    const request = create(EchoRequestSchema, { text: "x" });
    await client.unary(request);
    expect(seen.requests[0]).toBe(request);
  });

  it("in verify mode gives the handler a copy and freezes both sides", async () => {
    const { client, seen } = open(true);
    const request = create(EchoRequestSchema, { text: "x" });
    const answer = await client.unary(request);
    expect(seen.requests[0]).not.toBe(request);
    expect(() => Object.assign(request, { text: "changed" })).toThrow(TypeError);
    expect(() => Object.assign(answer, { text: "changed" })).toThrow(TypeError);
  });

  it("in verify mode refuses what the wire would refuse", async () => {
    const { client } = open(true);
    await expect(client.unary({ count: 2 ** 40 })).rejects.toThrow(/int32/);
  });

  it("in verify mode finds bytes that a handler changes after they were sent", async () => {
    const request = create(EchoRequestSchema, { payload: new Uint8Array([1, 2, 3]) });
    const { client } = open(true, ({ payload }) => {
      payload[0] = 9;
      return {};
    });
    await expect(client.unary(request)).rejects.toThrow(/changed after it was sent/);
  });
});
