import { request } from "node:http";
import { AgentService } from "@agentmesh/contracts/gateway/v1/agent_service";
import { KeyService } from "@agentmesh/contracts/gateway/v1/key_service";
import { ModelService } from "@agentmesh/contracts/gateway/v1/model_service";
import { errorInfoOf } from "@agentmesh/rpc";
import { ConnectError, createClient } from "@connectrpc/connect";
import { createConnectTransport, createGrpcWebTransport } from "@connectrpc/connect-node";
import OpenAI, { APIError } from "openai";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { openGateway, type TestGateway } from "./gateway.fixture.ts";

let gateway: TestGateway;
let openai: OpenAI;
beforeAll(async () => {
  gateway = await openGateway({
    AGENTMESH_GATEWAY_REQUESTS_PER_MINUTE: "1000000",
    AGENTMESH_GATEWAY_BURST: "100000",
    AGENTMESH_GATEWAY_MAX_BODY_BYTES: "20000",
    AGENTMESH_GATEWAY_CORS_ORIGINS: "https://console.example.com",
  });
  openai = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: gateway.adminKey, maxRetries: 0 });
});
afterAll(() => gateway.close());

const hello = (text = "hi", model = "small") => ({ model, messages: [{ role: "user" as const, content: text }] });

function post(path: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(gateway.url + path, {
    method: "POST",
    headers: { authorization: `Bearer ${gateway.adminKey}`, "content-type": "application/json", ...headers },
    body: typeof body === "string" || body instanceof Uint8Array ? (body as string) : JSON.stringify(body),
  });
}

const chat = (body: unknown, headers?: Record<string, string>) => post("/v1/chat/completions", body, headers);
const errorOf = async (response: Response) => ((await response.json()) as { error: Record<string, unknown> }).error;

describe("chat completions through the openai SDK", () => {
  it("answer", async () => {
    const { data, response } = await openai.chat.completions.create(hello()).withResponse();
    expect(data).toMatchObject({
      object: "chat.completion",
      model: "small-2026",
      choices: [{ index: 0, message: { role: "assistant", content: "echo: hi" }, finish_reason: "stop" }],
      usage: { prompt_tokens: 11, completion_tokens: 7, total_tokens: 18 },
    });
    expect(response.headers.get("x-agentmesh-cost-nano-usd")).toBe("1500");
    expect(response.headers.get("x-agentmesh-provider")).toBe("fixture");
    expect(response.headers.get("x-request-id")).toMatch(/^[0-9a-f-]{36}$/);
    expect(response.headers.get("x-ratelimit-limit-requests")).toBe("1000000");
  });

  it("stream, with usage at the end when it is asked for", async () => {
    const stream = await openai.chat.completions.create({
      ...hello("a b"),
      stream: true,
      stream_options: { include_usage: true },
    });
    const chunks = [];
    for await (const chunk of stream) chunks.push(chunk);
    expect(chunks.map(({ choices }) => choices[0]?.delta.content ?? "").join("")).toBe("echo: a b");
    expect(chunks.at(-2)!.choices[0]!.finish_reason).toBe("stop");
    expect(chunks.at(-1)).toMatchObject({ choices: [], usage: { total_tokens: 18 } });
    expect(chunks[0]).toMatchObject({ usage: null, choices: [{ delta: { role: "assistant" } }] });
  });

  it("call tools, streamed and not", async () => {
    const tools = [{ type: "function" as const, function: { name: "add", parameters: { type: "object" } } }];
    const whole = await openai.chat.completions.create({ ...hello("1"), tools });
    expect(whole.choices[0]).toMatchObject({ finish_reason: "tool_calls", message: { content: null } });
    const call = { id: "call_1", type: "function", function: { name: "add", arguments: '{"q":"1"}' } };
    expect(whole.choices[0]!.message.tool_calls).toEqual([call]);
    const streamed = await openai.chat.completions.stream({ ...hello("1"), tools }).finalChatCompletion();
    expect(streamed.choices[0]!.message.tool_calls).toMatchObject([call]);
  });

  it("run agents", async () => {
    const { data, response } = await openai.chat.completions
      .create(hello("what now", "agent/assistant"))
      .withResponse();
    expect(data).toMatchObject({
      model: "agent/assistant",
      choices: [{ message: { content: "agent: what now" }, finish_reason: "stop" }],
    });
    expect(response.headers.get("x-agentmesh-run-id")).toMatch(/^r\d+$/);
    const stream = await openai.chat.completions.create({ ...hello("hm", "agent/assistant"), stream: true });
    let text = "";
    for await (const chunk of stream) text += chunk.choices[0]?.delta.content ?? "";
    expect(text).toBe("agent: hm");
  });

  it("list models, auto and agents", async () => {
    const ids = (await openai.models.list()).data.map(({ id }) => id);
    expect(ids).toEqual(["auto", "small", "agent/assistant"]);
    expect(await openai.models.retrieve("agent/assistant")).toMatchObject({ owned_by: "agentmesh" });
    await expect(openai.models.retrieve("nope")).rejects.toMatchObject({ status: 404, code: "model_not_found" });
  });

  it("embed, in floats and in base64", async () => {
    // The SDK asks for base64 by itself and decodes it.
    const { data, usage } = await openai.embeddings.create({ model: "lexical", input: ["a", "bcd"] });
    expect(data.map(({ embedding }) => embedding)).toEqual([
      [0.5, 1],
      [0.5, 3],
    ]);
    expect(usage).toEqual({ prompt_tokens: 11, total_tokens: 11 });
    const floats = await openai.embeddings.create({ model: "lexical", input: "a", encoding_format: "float" });
    expect(floats.data[0]!.embedding).toEqual([0.5, 1]);
  });

  it("fail as OpenAI's do", async () => {
    const failure = await openai.chat.completions.create(hello("x", "unknown")).catch((error) => error);
    expect(failure).toBeInstanceOf(APIError);
    expect(failure).toMatchObject({ status: 404, code: "model_not_found", type: "invalid_request_error" });
  });
});

describe("agents as models", () => {
  const lastStart = () => gateway.owners.seen.starts.at(-1)!;

  it("take earlier messages as history", async () => {
    await chat({
      model: "agent/assistant",
      messages: [
        { role: "user", content: "a" },
        { role: "assistant", content: "b" },
        { role: "user", content: "c" },
      ],
    });
    expect(lastStart()).toMatchObject({ input: "c", sessionId: "" });
    expect(lastStart().history).toHaveLength(2);
  });

  it("leave them out when there is a session, which has them", async () => {
    const messages = [
      { role: "user", content: "a" },
      { role: "user", content: "c" },
    ];
    await chat({ model: "agent/assistant", messages, metadata: { session_id: "s9" } });
    expect(lastStart()).toMatchObject({ input: "c", sessionId: "s9", history: [] });
    await chat({ model: "agent/assistant", messages }, { "x-agentmesh-session": "s8", "idempotency-key": "k" });
    expect(lastStart()).toMatchObject({ sessionId: "s8", idempotencyKey: "k" });
  });

  it.each([
    [
      "messages[0].role",
      {
        messages: [
          { role: "system", content: "x" },
          { role: "user", content: "y" },
        ],
      },
    ],
    [
      "messages[1].role",
      {
        messages: [
          { role: "user", content: "x" },
          { role: "assistant", content: "y" },
        ],
      },
    ],
    ["tools", { tools: [{ type: "function", function: { name: "f" } }] }],
    ["stop", { stop: "x" }],
  ])("refuse what an agent decides itself: %s", async (param, change) => {
    const response = await chat({ ...hello("x", "agent/assistant"), ...change });
    expect(response.status).toBe(400);
    expect(await errorOf(response)).toMatchObject({ param });
  });

  it("answer a failed run with its reason", async () => {
    const whole = await chat(hello("x", "agent/failing"));
    expect(whole.status).toBe(500);
    expect(whole.headers.get("x-agentmesh-run-id")).toMatch(/^r\d+$/);
    expect(await errorOf(whole)).toMatchObject({
      type: "agent_error",
      code: "iteration_limit",
      message: "too many turns",
    });
    const streamed = await chat({ ...hello("x", "agent/failing"), stream: true });
    const text = await streamed.text();
    expect(text).toContain('"code":"iteration_limit"');
    expect(text).not.toContain("[DONE]");
  });

  it.each(["agent/nobody", "agent/No Such", "agent/"])("answer 404 for %s", async (model) => {
    const response = await chat(hello("x", model));
    expect(response.status).toBe(404);
    expect(await errorOf(response)).toMatchObject({ code: "model_not_found" });
  });

  it("are cancelled when the client closes the connection", async () => {
    const { cancelled } = gateway.owners.seen;
    const leave = new AbortController();
    const response = await fetch(`${gateway.url}/v1/chat/completions`, {
      method: "POST",
      headers: { authorization: `Bearer ${gateway.adminKey}`, "content-type": "application/json" },
      body: JSON.stringify({ ...hello("x", "agent/endless"), stream: true }),
      signal: leave.signal,
    });
    const id = response.headers.get("x-agentmesh-run-id");
    leave.abort();
    await vi.waitFor(() => expect(cancelled).toContain(id));
  });
});

describe("bad requests", () => {
  it("are told apart by status", async () => {
    const cases: [number, string, Promise<Response>][] = [
      [400, "invalid_json", chat("{not json")],
      [400, "invalid_type", chat("[]")],
      [400, "invalid_utf8", chat(new Uint8Array([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]))],
      [400, "missing_required_parameter", chat({ model: "small" })],
      [400, "content_filter", chat(hello("forbidden"))],
      [401, "invalid_api_key", chat(hello(), { authorization: "" })],
      [401, "invalid_api_key", chat(hello(), { authorization: "Basic abc" })],
      [404, "model_not_found", chat(hello("x", "unknown"))],
      [404, "unknown_url", post("/v1/completions", {})],
      [
        405,
        "method_not_allowed",
        fetch(`${gateway.url}/v1/chat/completions`, { headers: { authorization: `Bearer ${gateway.adminKey}` } }),
      ],
      [413, "request_too_large", chat(hello("x".repeat(20_000)))],
      [415, "unsupported_media_type", chat(hello(), { "content-type": "text/plain" })],
      [415, "unsupported_media_type", chat(hello(), { "content-encoding": "gzip" })],
      [429, "insufficient_quota", chat(hello("x", "poor"))],
    ];
    for (const [status, code, sent] of cases) {
      const response = await sent;
      expect([response.status, (await errorOf(response)).code]).toEqual([status, code]);
    }
  });

  it("are refused for their key before their body is read", async () => {
    const response = await chat("x".repeat(100_000), { authorization: "Bearer am_x" });
    expect(response.status).toBe(401);
  });

  it("are refused when a body without a length grows too large", async () => {
    const status = await new Promise<number | undefined>((resolve, reject) => {
      const sending = request(`${gateway.url}/v1/chat/completions`, {
        method: "POST",
        headers: { authorization: `Bearer ${gateway.adminKey}`, "transfer-encoding": "chunked" },
      });
      sending.on("response", (response) => resolve(response.statusCode)).on("error", reject);
      for (let chunk = 0; chunk < 30; chunk++) sending.write("x".repeat(1_000));
    });
    expect(status).toBe(413);
  });

  it("say which scope a key lacks", async () => {
    const { secret } = await gateway.grpc(KeyService).createKey({ name: "reader", scopes: ["models:read"] });
    const response = await chat(hello(), { authorization: `Bearer ${secret}` });
    expect(response.status).toBe(403);
    expect(await errorOf(response)).toMatchObject({ type: "permission_error", code: "scope_missing" });
  });

  it("keep a client's request id, unless it is none", async () => {
    const id = async (given: string) => (await chat(hello(), { "x-request-id": given })).headers.get("x-request-id");
    expect(await id("my-id.1")).toBe("my-id.1");
    expect(await id("no id {}")).not.toBe("no id {}");
  });

  it("end a broken stream with an error and without [DONE]", async () => {
    const text = await (await chat({ ...hello("a b", "cut"), stream: true })).text();
    expect(text).toContain('"content":"echo: "');
    expect(text).toContain('"code":"stream_interrupted"');
    expect(text).not.toContain("[DONE]");
  });

  it("say nothing of an unexpected failure", async () => {
    const response = await chat(hello("x", "broken"));
    expect(response.status).toBe(500);
    expect(JSON.stringify(await errorOf(response))).not.toContain("secret detail");
  });
});

describe("rate limits over HTTP", () => {
  it("answer 429 with when to come back, and count what is left", async () => {
    const { secret } = await gateway.grpc(KeyService).createKey({ name: "slow", scopes: ["*"], requestsPerMinute: 2 });
    const headers = { authorization: `Bearer ${secret}` };
    const [first, second, third] = [
      await chat(hello(), headers),
      await chat(hello(), headers),
      await chat(hello(), headers),
    ];
    expect([first.status, second.status, third.status]).toEqual([200, 200, 429]);
    expect([first, second, third].map((answer) => answer.headers.get("x-ratelimit-remaining-requests"))).toEqual([
      "1",
      "0",
      "0",
    ]);
    expect(Number(third.headers.get("retry-after"))).toBeGreaterThanOrEqual(29);
    expect(await errorOf(third)).toMatchObject({ type: "rate_limit_error", code: "rate_limit_exceeded" });
    const overGrpc = ConnectError.from(
      await gateway
        .grpc(ModelService, secret)
        .listModels({})
        .catch((error) => error),
    );
    expect(errorInfoOf(overGrpc)).toMatchObject({ reason: "RATE_LIMITED", retryAfterMs: expect.any(Number) });
    expect(overGrpc.metadata.get("x-ratelimit-remaining-requests")).toBe("0");
  });
});

describe("the RPCs over HTTP", () => {
  const withKey = () => ({ headers: { "x-api-key": gateway.adminKey } });

  it.each(["connect", "grpc-web"])("answer and stream over %s", async (protocol) => {
    const options = { baseUrl: gateway.url, httpVersion: "1.1" as const };
    const transport = protocol === "connect" ? createConnectTransport(options) : createGrpcWebTransport(options);
    const agents = createClient(AgentService, transport);
    const { agents: found } = await agents.listAgents({}, withKey());
    expect(found.map(({ id }) => id)).toEqual(["assistant"]);
    const events = [];
    for await (const { event } of agents.streamRun({ run: { agentId: "assistant", input: "hi" } }, withKey()))
      events.push(event!.event.case);
    expect(events).toEqual(["accepted", "textDelta", "succeeded"]);
    const error = ConnectError.from(await agents.listAgents({}).catch((thrown) => thrown));
    expect(errorInfoOf(error)?.reason).toBe("KEY_MISSING");
  });

  it("answer plain JSON", async () => {
    const response = await post("/agentmesh.gateway.v1.AgentService/Run", {
      run: { agentId: "assistant", input: "hi" },
    });
    expect(await response.json()).toMatchObject({
      run: { status: "RUN_STATUS_SUCCEEDED", output: { parts: [{ text: "agent: hi" }] } },
    });
    expect(response.headers.get("x-ratelimit-remaining-requests")).toMatch(/^\d+$/);
  });

  it("refuse a message that is too large", async () => {
    const response = await post("/agentmesh.gateway.v1.AgentService/Run", {
      run: { agentId: "assistant", input: "x".repeat(5_000_000) },
    });
    expect(response.status).toBeGreaterThanOrEqual(400);
    expect(response.status).toBeLessThan(500);
  });
});

describe("browsers", () => {
  const preflight = (origin: string) =>
    fetch(`${gateway.url}/agentmesh.gateway.v1.AgentService/Run`, {
      method: "OPTIONS",
      headers: {
        origin,
        "access-control-request-method": "POST",
        "access-control-request-headers": "content-type,x-api-key",
      },
    });

  it("may call from the origins of the settings only", async () => {
    const allowed = await preflight("https://console.example.com");
    expect(allowed.status).toBe(204);
    expect(allowed.headers.get("access-control-allow-origin")).toBe("https://console.example.com");
    expect(allowed.headers.get("access-control-allow-headers")).toBe("content-type,x-api-key");
    const refused = await preflight("https://evil.example.com");
    expect(refused.headers.get("access-control-allow-origin")).toBeNull();
    const call = await chat(hello(), { origin: "https://console.example.com" });
    expect(call.headers.get("access-control-allow-origin")).toBe("https://console.example.com");
    expect(call.headers.get("access-control-expose-headers")).toContain("x-request-id");
  });
});

describe("metrics", () => {
  it("count HTTP requests by route and status", async () => {
    await chat(hello());
    const exposition = async () => (await fetch(`http://${gateway.process.addresses.metrics}/metrics`)).text();
    await vi.waitFor(async () => {
      const text = await exposition();
      expect(text).toMatch(/gateway_http_requests_total\{[^}]*route="\/v1\/chat\/completions"[^}]*status="200"/);
      expect(text).toMatch(/gateway_http_requests_total\{[^}]*status="413"/);
      expect(text).toMatch(/gateway_keys_refused_total\{[^}]*reason="KEY_INVALID"/);
    });
  });
});
