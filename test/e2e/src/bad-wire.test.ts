import { expect, it } from "vitest";
import { describeMesh } from "./harness/describe-mesh.ts";
import { rawUnary } from "./harness/raw-grpc.ts";
import type { TestMesh } from "./harness/test-mesh.ts";

const path = "/agentmesh.gateway.v1.AgentService/Run";

/** A field of a protobuf message that holds bytes. */
function field(number: number, value: Uint8Array): Buffer {
  const length: number[] = [];
  for (let rest = value.length; ; rest >>>= 7) {
    length.push(rest > 0x7f ? (rest & 0x7f) | 0x80 : rest);
    if (rest <= 0x7f) break;
  }
  return Buffer.concat([Buffer.from([(number << 3) | 2, ...length]), value]);
}

const notUtf8 = field(
  1,
  Buffer.concat([field(1, Buffer.from("assistant")), field(2, Buffer.from([0xff, 0xfe, 0x41]))]),
);

async function post({ url }: TestMesh, to: string, secret: string, body: BodyInit, type = "application/json") {
  const response = await fetch(`${url}${to}`, {
    method: "POST",
    headers: { authorization: `Bearer ${secret}`, "content-type": type },
    body,
  });
  const text = await response.text();
  return { status: response.status, text, json: () => JSON.parse(text) };
}

describeMesh("bytes that are no request", {}, (mesh) => {
  it.each([
    ["are no protobuf", Buffer.from("hello, is this JSON?"), "InvalidArgument", "MALFORMED_MESSAGE"],
    ["hold text that is not UTF-8", notUtf8, "InvalidArgument", "MALFORMED_MESSAGE"],
    ["end in the middle of a field", notUtf8.subarray(0, 8), "InvalidArgument", "MALFORMED_MESSAGE"],
    ["are more than the limit", Buffer.alloc(5 * 1024 * 1024), "ResourceExhausted", "MESSAGE_TOO_LARGE"],
  ])("that %s, over gRPC", async (_what, bytes, code, reason) => {
    const { secret, agents } = await mesh().person();
    expect(await rawUnary(mesh().grpcAddress, { path, secret, bytes })).toMatchObject({ code, reason });
    expect((await agents.listRuns({})).runs).toEqual([]);
  });

  it("over gRPC to a method that does not exist", async () => {
    const { secret } = await mesh().person();
    const call = { path: "/agentmesh.gateway.v1.AgentService/Fly", secret, bytes: Buffer.alloc(0) };
    expect(await rawUnary(mesh().grpcAddress, call)).toMatchObject({ code: "Unimplemented" });
  });

  it.each([
    ["no JSON", '{"run": {', 400],
    ["a field of the wrong type", '{"run": {"agentId": 5}}', 400],
    [
      "text that is not UTF-8",
      Buffer.from([...Buffer.from('{"run": {"agentId": "assistant", "input": "'), 0xff, 0xfe, ...Buffer.from('"}}')]),
      400,
    ],
    ["half of a surrogate pair", '{"run": {"agentId": "assistant", "input": "\\ud800"}}', 400],
    ["5 MiB", `{"run": {"agentId": "assistant", "input": "${"x".repeat(5 * 1024 * 1024)}"}}`, 429],
  ])("%s as Connect's JSON", async (_what, body, status) => {
    const { secret, agents } = await mesh().person();
    const answer = await post(mesh(), path, secret, body as BodyInit);
    expect(answer.status).toBe(status);
    const { code, details } = answer.json();
    expect(code).toBe(status === 429 ? "resource_exhausted" : "invalid_argument");
    const reason = status === 429 ? "MESSAGE_TOO_LARGE" : "MALFORMED_MESSAGE";
    expect(Buffer.from(details[0].value, "base64").toString()).toContain(reason);
    expect((await agents.listRuns({})).runs).toEqual([]);
  });

  it.each([
    ["no JSON", "{", 400],
    ["no object", "[]", 400],
    ["no messages", '{"model": "auto"}', 400],
    ["messages that are none", '{"model": "auto", "messages": "Hello"}', 400],
    ["a role that does not exist", '{"model": "auto", "messages": [{"role": "king", "content": "Hello"}]}', 400],
    [
      "text that is not UTF-8",
      Buffer.from([
        ...Buffer.from('{"model": "auto", "messages": [{"role": "user", "content": "'),
        0xc3,
        0x28,
        ...Buffer.from('"}]}'),
      ]),
      400,
    ],
    [
      "a negative number of tokens",
      '{"model": "auto", "max_tokens": -1, "messages": [{"role": "user", "content": "Hello"}]}',
      400,
    ],
    [
      "an absurd temperature",
      '{"model": "auto", "temperature": 1e308, "messages": [{"role": "user", "content": "Hello"}]}',
      400,
    ],
    ["5 MiB", `{"model": "auto", "messages": [{"role": "user", "content": "${"x".repeat(5 * 1024 * 1024)}"}]}`, 413],
  ])("%s to the OpenAI-compatible door", async (_what, body, status) => {
    const { secret } = await mesh().person();
    const before = mesh().simulator.requestCount;
    const answer = await post(mesh(), "/v1/chat/completions", secret, body as BodyInit);
    expect(answer.status).toBe(status);
    expect(answer.json()).toMatchObject({ error: { message: expect.any(String), type: "invalid_request_error" } });
    expect(mesh().simulator.requestCount).toBe(before);
  });

  it("of 5 MiB without a key are refused without being read", async () => {
    const body = "x".repeat(5 * 1024 * 1024);
    expect((await post(mesh(), "/v1/chat/completions", "am_wrong", body)).status).toBe(401);
  });
});
