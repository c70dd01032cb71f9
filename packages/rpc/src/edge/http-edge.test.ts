import type { ServerResponse } from "node:http";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { conformanceBinding, Observations } from "../../testing/conformance-service.ts";
import type { RpcServer } from "../grpc/server.ts";
import { createHttpEdge } from "./http-edge.ts";

const METHOD = "/agentmesh.conformance.v1.ConformanceService/Unary";
const until = (condition: () => void) => vi.waitFor(condition, { timeout: 5_000, interval: 2 });

describe("the HTTP edge", () => {
  let seen: Observations;
  let edge: RpcServer;
  let url: string;
  beforeEach(async () => {
    seen = new Observations();
    const fallback = (request: { url?: string | undefined }, response: { end(text: string): void }) =>
      response.end(`fallback ${request.url}`);
    edge = createHttpEdge({ bindings: [conformanceBinding(seen)], maxMessageBytes: 64 * 1024, fallback });
    url = `http://127.0.0.1:${await edge.listen()}`;
  });
  afterEach(() => edge.close());

  const post = (body: string, headers: Record<string, string> = {}) =>
    fetch(url + METHOD, { method: "POST", body, headers: { "content-type": "application/json", ...headers } });

  it("answers JSON to curl and browsers", async () => {
    const response = await post('{"text":"hi","number":"9007199254740993"}');
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ text: "hi", number: "9007199254740993" });
  });

  it("answers errors as JSON with their details", async () => {
    const response = await post('{"failure":"domain"}');
    expect(response.status).toBe(400);
    const body = (await response.json()) as { code: string; details: { type: string }[] };
    expect(body.code).toBe("failed_precondition");
    expect(body.details.map(({ type }) => type)).toContain("google.rpc.ErrorInfo");
  });

  it.each(["{", '{"count":"many"}', '{"number":1e999}'])(
    "refuses the malformed body %s as invalid_argument",
    async (body) => {
      const response = await post(body);
      expect(response.status).toBe(400);
      expect(await response.json()).toMatchObject({ code: "invalid_argument" });
    },
  );

  const notUtf8 = Buffer.concat([Buffer.from('{"text":"'), Buffer.from([0xc3, 0x28]), Buffer.from('"}')]);
  const reasonsIn = ({ details = [] }: { details?: { value: string }[] }) =>
    details.map(({ value }) => Buffer.from(value, "base64").toString());

  it("refuses text that is not UTF-8 instead of storing something else", async () => {
    const response = await fetch(url + METHOD, {
      method: "POST",
      body: notUtf8,
      headers: { "content-type": "application/json" },
    });
    expect(response.status).toBe(400);
    expect(reasonsIn(await response.json())).toEqual([expect.stringContaining("MALFORMED_MESSAGE")]);
    expect(seen.started).toBe(0);
  });

  it("refuses text that is not UTF-8 in the messages of a stream as well, and takes what is", async () => {
    const send = async (text: Buffer) => {
      const head = Buffer.alloc(5);
      head.writeUInt32BE(text.length, 1);
      const response = await fetch(`${url}/agentmesh.conformance.v1.ConformanceService/ServerStream`, {
        method: "POST",
        body: Buffer.concat([head, text]),
        headers: { "content-type": "application/connect+json" },
      });
      return response.text();
    };
    expect(await send(Buffer.from('{"count":1,"text":"grüße 🦊"}'))).toContain("grüße 🦊");
    expect(await send(notUtf8)).toContain("invalid_argument");
    expect(seen.started).toBe(1);
  });

  it.each([
    ["{", "MALFORMED_MESSAGE"],
    [JSON.stringify({ text: "x".repeat(1_000_000) }), "MESSAGE_TOO_LARGE"],
  ])("gives a reason to what Connect itself refuses", async (body, reason) => {
    expect(reasonsIn(await (await post(body)).json())).toEqual([expect.stringContaining(reason)]);
  });

  it("refuses a body above the limit, and serves the next call on the same connection", async () => {
    const response = await post(JSON.stringify({ text: "x".repeat(1_000_000) }));
    expect(await response.json()).toMatchObject({ code: "resource_exhausted" });
    expect((await post('{"text":"next"}')).status).toBe(200);
    expect(seen.started).toBe(1);
  });

  it("ends a call whose deadline passes, even where the handler ignores it", async () => {
    const response = await post('{"failure":"ignore"}', { "connect-timeout-ms": "50" });
    expect(await response.json()).toMatchObject({ code: "deadline_exceeded" });
  });

  it("hands other paths to the fallback", async () => {
    expect(await (await fetch(`${url}/v1/models?x=1`)).text()).toBe("fallback /v1/models?x=1");
  });

  it("lets a guard answer before anything else, for RPCs and other paths alike", async () => {
    const guard = (request: { headers: Record<string, unknown> }, response: ServerResponse) => {
      if (request.headers["x-blocked"] === undefined) return false;
      response.writeHead(429).end();
      return true;
    };
    const guarded = createHttpEdge({ bindings: [conformanceBinding(seen)], guard });
    const origin = `http://127.0.0.1:${await guarded.listen()}`;
    for (const path of [METHOD, "/other"]) {
      expect((await fetch(origin + path, { method: "POST", body: "{}", headers: { "x-blocked": "1" } })).status).toBe(
        429,
      );
    }
    const passed = await fetch(origin + METHOD, {
      method: "POST",
      body: "{}",
      headers: { "content-type": "application/json" },
    });
    expect(passed.status).toBe(200);
    expect(seen.started).toBe(1);
    await guarded.close();
  });

  it("drains: finishes what is open, then stops", async () => {
    const controller = new AbortController();
    const open = fetch(url + METHOD, {
      method: "POST",
      body: '{"failure":"hang"}',
      headers: { "content-type": "application/json", "connect-timeout-ms": "300" },
      signal: controller.signal,
    });
    await until(() => expect(seen.started).toBe(1));
    const drained = edge.drain(10_000);
    await expect(post("{}")).rejects.toThrow();
    expect(await (await open).json()).toMatchObject({ code: "deadline_exceeded" });
    await drained;
  });

  it("drains with a hard deadline: tells the rest to try again", async () => {
    const open = post('{"failure":"ignore"}');
    await until(() => expect(seen.started).toBe(1));
    await edge.drain(20);
    expect(await (await open).json()).toMatchObject({ code: "unavailable" });
  });
});
