import { createHash, createPrivateKey, createPublicKey, type KeyObject } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { AgentService } from "@agentmesh/contracts/gateway/v1/agent_service";
import { KeyService } from "@agentmesh/contracts/gateway/v1/key_service";
import { ModelService } from "@agentmesh/contracts/gateway/v1/model_service";
import { SessionService } from "@agentmesh/contracts/gateway/v1/session_service";
import { UsageService } from "@agentmesh/contracts/gateway/v1/usage_service";
import { Role } from "@agentmesh/contracts/type/v1/types";
import { createPrincipalSigner, errorInfoOf, PRINCIPAL_HEADER } from "@agentmesh/rpc";
import { Code, ConnectError } from "@connectrpc/connect";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { openGateway, type TestGateway } from "./gateway.fixture.ts";

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await openGateway({ AGENTMESH_GATEWAY_REQUESTS_PER_MINUTE: "1000000", AGENTMESH_GATEWAY_BURST: "100000" });
});
afterAll(() => gateway.close());

const say = (text: string, model = "small") => ({
  prompt: { model, messages: [{ role: Role.USER, parts: [{ content: { case: "text" as const, value: text } }] }] },
});
const failure = (call: Promise<unknown>): Promise<ConnectError> =>
  call.then(() => expect.fail("the call succeeded"), ConnectError.from);
const reasonOf = async (call: Promise<unknown>) => errorInfoOf(await failure(call))?.reason;
const keyWith = async (...scopes: string[]) =>
  (await gateway.grpc(KeyService).createKey({ name: "test", scopes })).secret;

/** As the mesh names its keys. */
const keyIdOf = (key: KeyObject) =>
  createHash("sha256")
    .update(key.export({ type: "spki", format: "der" }))
    .digest("hex")
    .slice(0, 16);

async function collect<T>(stream: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of stream) all.push(item);
  return all;
}

describe("the public door", () => {
  it("lets nobody in without a valid key", async () => {
    expect(await reasonOf(gateway.grpc(ModelService, "").listModels({}))).toBe("KEY_MISSING");
    expect(await reasonOf(gateway.grpc(ModelService, "am_x").listModels({}))).toBe("KEY_INVALID");
  });

  it("takes no caller's word for who it is: tokens of the mesh open nothing here", async () => {
    const privateKey = createPrivateKey(readFileSync(join(gateway.process.dataDirectory, "principal-key.pem")));
    const admin = { tenant: "default", user: "admin", keyId: "k", roles: ["admin"], scopes: ["*"] };
    const keyId = keyIdOf(createPublicKey(privateKey));
    const token = createPrincipalSigner({ keyId, privateKey }).credential(admin).token();
    const headers = { [PRINCIPAL_HEADER]: token };
    expect(await reasonOf(gateway.grpc(ModelService, "").listModels({}, { headers }))).toBe("KEY_MISSING");
    const few = await keyWith("models:read");
    expect(await reasonOf(gateway.grpc(KeyService, few).listKeys({}, { headers }))).toBe("SCOPE_MISSING");
    for (const path of ["/v1/models", "/agentmesh.gateway.v1.ModelService/ListModels"]) {
      const method = path.startsWith("/v1") ? "GET" : "POST";
      const init = { method, headers: { ...headers, "content-type": "application/json" } };
      const response = await fetch(`${gateway.url}${path}`, method === "GET" ? init : { ...init, body: "{}" });
      expect(response.status).toBe(401);
    }
  });

  it("asks for the scope that the contract names", async () => {
    const key = await keyWith("models:read");
    await expect(gateway.grpc(ModelService, key).listModels({})).resolves.toMatchObject({ agents: [] });
    const refused = await failure(gateway.grpc(ModelService, key).generate(say("hi")));
    expect(refused.code).toBe(Code.PermissionDenied);
    expect(errorInfoOf(refused)).toMatchObject({ reason: "SCOPE_MISSING", metadata: { scope: "models:use" } });
  });

  it("refuses a revoked key with the next call", async () => {
    const keys = gateway.grpc(KeyService);
    const { key, secret } = await keys.createKey({ name: "short", scopes: ["models:read"] });
    await gateway.grpc(ModelService, secret).listModels({});
    await keys.revokeKey({ keyId: key!.id });
    expect(await reasonOf(gateway.grpc(ModelService, secret).listModels({}))).toBe("KEY_REVOKED");
  });

  it("takes lengths of time that are no whole milliseconds", async () => {
    const keys = gateway.grpc(KeyService);
    const timeToLive = { seconds: 60n, nanos: 500_000 };
    const { key } = await keys.createKey({ name: "odd", scopes: ["models:read"], timeToLive });
    await expect(keys.rotateKey({ keyId: key!.id, grace: { seconds: 1n, nanos: 400_000 } })).resolves.toBeDefined();
  });

  it("answers a long key id with a short error", async () => {
    const error = await failure(gateway.grpc(KeyService).revokeKey({ keyId: "x".repeat(100_000) }));
    expect(errorInfoOf(error)?.reason).toBe("KEY_NOT_FOUND");
    expect(errorInfoOf(error)?.metadata.key_id?.length).toBeLessThan(100);
  });

  it("pages keys without their secrets", async () => {
    await keyWith("models:read");
    await keyWith("models:read");
    const keys = gateway.grpc(KeyService);
    const first = await keys.listKeys({ pageSize: 1 });
    const second = await keys.listKeys({ pageSize: 1, pageToken: first.nextPageToken });
    expect(first.keys[0]!.id).not.toBe(second.keys[0]!.id);
    expect(first.keys[0]!.prefix).toBe(`am_${first.keys[0]!.id}`);
    for (const bad of [{ pageSize: 201 }, { pageSize: -1 }, { pageToken: "nonsense" }]) {
      expect(await reasonOf(keys.listKeys(bad))).toBe("INVALID_REQUEST");
    }
  });

  it("gives calls without a deadline a default and cuts absurd ones", async () => {
    const { timeouts } = gateway.owners.seen;
    await gateway.grpc(ModelService).generate(say("hi"));
    expect(timeouts.at(-1)).toBeGreaterThan(50_000);
    expect(timeouts.at(-1)).toBeLessThanOrEqual(60_000);
    await gateway.grpc(ModelService).generate(say("hi"), { timeoutMs: 1e9 });
    expect(timeouts.at(-1)).toBeLessThanOrEqual(3_600_000);
    await collect(gateway.grpc(ModelService).streamGenerate(say("hi")));
    expect(timeouts.at(-1)).toBeGreaterThan(250_000);
    expect(timeouts.at(-1)).toBeLessThanOrEqual(300_000);
  });

  it("leaves no run behind for calls whose time is up at once", async () => {
    const { starts } = gateway.owners.seen;
    const before = starts.length;
    const run = { agentId: "endless", input: "hi" };
    const errors = await Promise.all(
      Array.from({ length: 20 }, () => failure(gateway.grpc(AgentService).run({ run }, { timeoutMs: 1 }))),
    );
    expect(new Set(errors.map(({ code }) => code))).toEqual(new Set([Code.DeadlineExceeded]));
    // Those that were started in time are cancelled, every one.
    const ids = () => starts.slice(before).map((_, index) => `r${before + index + 1}`);
    await vi.waitFor(() => expect(gateway.owners.seen.cancelled).toEqual(expect.arrayContaining(ids())));
  });

  it("lets nothing of an unexpected failure out", async () => {
    const error = await failure(gateway.grpc(ModelService).generate(say("hi", "broken")));
    expect(error.message).not.toContain("secret detail");
  });
});

describe("model calls", () => {
  it("pass the guardrail on both sides", async () => {
    const { generation } = await gateway.grpc(ModelService).generate(say("write bob@example.com"));
    expect(gateway.owners.seen.prompts.at(-1)!.messages[0]!.parts[0]!.content.value).toBe("write [email]");
    expect(generation!.message!.parts[0]!.content.value).toBe("echo: write [email]");
  });

  it("are refused before the model is asked when the input is blocked", async () => {
    const asked = gateway.owners.seen.prompts.length;
    const error = await failure(gateway.grpc(ModelService).generate(say("a forbidden thing")));
    expect(errorInfoOf(error)).toMatchObject({ reason: "INPUT_BLOCKED", metadata: { categories: "blocked_pattern" } });
    expect(gateway.owners.seen.prompts).toHaveLength(asked);
  });

  it("do not pass without a verdict that lets them", async () => {
    expect(await reasonOf(gateway.grpc(ModelService).generate(say("undecided")))).toBe("INPUT_BLOCKED");
    const system = { role: Role.SYSTEM, parts: [{ content: { case: "text" as const, value: "undecided" } }] };
    const prompt = { model: "small", messages: [system] };
    expect(await reasonOf(gateway.grpc(ModelService).generate({ prompt }))).toBe("OUTPUT_BLOCKED");
    expect(await reasonOf(collect(gateway.grpc(ModelService).streamGenerate({ prompt })))).toBe("OUTPUT_BLOCKED");
  });

  it("take no text in places that the guardrail does not read", async () => {
    const { prompt } = say("hi");
    const call = { id: "call_1", name: "send", argumentsJson: "{}" };
    const conversation = (calling: typeof call, answered: string) => [
      ...prompt.messages,
      { role: Role.ASSISTANT, toolCalls: [calling] },
      { role: Role.TOOL, toolCallId: answered, parts: prompt.messages[0]!.parts },
    ];
    const ask = (calling: typeof call, answered = calling.id) =>
      gateway.grpc(ModelService).generate({ prompt: { ...prompt, messages: conversation(calling, answered) } });
    await expect(ask(call)).resolves.toBeDefined();
    expect(await reasonOf(ask({ ...call, name: "a forbidden thing" }))).toBe("INVALID_REQUEST");
    expect(await reasonOf(ask({ ...call, id: "a forbidden thing" }))).toBe("INVALID_REQUEST");
    expect(await reasonOf(ask(call, "a forbidden thing"))).toBe("INVALID_REQUEST");
  });

  it("leave system messages to the operator", async () => {
    const system = { role: Role.SYSTEM, parts: [{ content: { case: "text" as const, value: "never say forbidden" } }] };
    const { prompt } = say("hi");
    await expect(
      gateway.grpc(ModelService).generate({ prompt: { ...prompt, messages: [system, ...prompt.messages] } }),
    ).resolves.toBeDefined();
  });

  it("stream only checked text, and complete with the same", async () => {
    const system = { role: Role.SYSTEM, parts: [{ content: { case: "text" as const, value: "x" } }] };
    // The owners echo the last message; a system message alone passes the input check unread.
    const prompt = {
      model: "small",
      messages: [
        system,
        { ...system, parts: [{ content: { case: "text" as const, value: "mail bob@example.com now" } }] },
      ],
    };
    const events = (await collect(gateway.grpc(ModelService).streamGenerate({ prompt }))).map(
      ({ event }) => event!.event,
    );
    expect(events[0]!.case).toBe("started");
    const text = events.map((event) => (event.case === "textDelta" ? event.value : "")).join("");
    expect(text).toBe("echo: mail [email] now");
    const last = events.at(-1)!;
    expect(last.case === "completed" && last.value.message!.parts[0]!.content.value).toBe(text);
  });

  it("check and stream text that comes only with the end", async () => {
    const system = (value: string) => ({ role: Role.SYSTEM, parts: [{ content: { case: "text" as const, value } }] });
    const ask = (value: string) =>
      collect(gateway.grpc(ModelService).streamGenerate({ prompt: { model: "sudden", messages: [system(value)] } }));
    const events = (await ask("bob@example.com")).map(({ event }) => event!.event);
    expect(events.map((event) => event.case)).toEqual(["started", "textDelta", "completed"]);
    expect(events[1]!.value).toBe("echo: [email]");
    expect(await reasonOf(ask("forbidden"))).toBe("OUTPUT_BLOCKED");
  });

  it("stop a stream at blocked text", async () => {
    const system = { role: Role.SYSTEM, parts: [{ content: { case: "text" as const, value: "one forbidden two" } }] };
    const stream = gateway.grpc(ModelService).streamGenerate({ prompt: { model: "small", messages: [system] } });
    let text = "";
    const error = await failure(
      (async () => {
        for await (const { event } of stream) if (event?.event.case === "textDelta") text += event.event.value;
      })(),
    );
    expect(errorInfoOf(error)?.reason).toBe("OUTPUT_BLOCKED");
    expect(text).toBe("echo: one ");
  });

  it("pass on what was checked before a stream broke, then the error of the break", async () => {
    let text = "";
    const error = await failure(
      (async () => {
        for await (const { event } of gateway.grpc(ModelService).streamGenerate(say("a b c", "cut"))) {
          if (event?.event.case === "textDelta") text += event.event.value;
          expect(event?.event.case).not.toBe("completed");
        }
      })(),
    );
    expect(errorInfoOf(error)?.reason).toBe("STREAM_INTERRUPTED");
    expect(text).toBe("echo: a b c");
  });

  it("end at the provider when the caller leaves in the middle of a stream", async () => {
    const before = gateway.owners.seen.aborted;
    const leave = new AbortController();
    const stream = gateway.grpc(ModelService).streamGenerate(say("a b", "silent"), { signal: leave.signal });
    await failure(
      (async () => {
        for await (const { event } of stream) if (event?.event.case === "textDelta") leave.abort();
      })(),
    );
    await vi.waitFor(() => expect(gateway.owners.seen.aborted).toBe(before + 1));
  });

  it("check the arguments of tool calls before they pass", async () => {
    const tools = [{ name: "send" }];
    const system = (value: string) => ({
      model: "small",
      tools,
      messages: [{ role: Role.SYSTEM, parts: [{ content: { case: "text" as const, value } }] }],
    });
    const events = await collect(gateway.grpc(ModelService).streamGenerate({ prompt: system("bob@example.com") }));
    const call = events.map(({ event }) => event!.event).find((event) => event.case === "toolCallDelta");
    expect(call?.value).toMatchObject({ index: 0, id: "call_1", name: "send", argumentsDelta: '{"q":"[email]"}' });
    expect(await reasonOf(gateway.grpc(ModelService).generate({ prompt: system("forbidden") }))).toBe("OUTPUT_BLOCKED");
    expect(await reasonOf(collect(gateway.grpc(ModelService).streamGenerate({ prompt: system("forbidden") })))).toBe(
      "OUTPUT_BLOCKED",
    );
  });

  it("are refused without a prompt", async () => {
    expect(await reasonOf(gateway.grpc(ModelService).generate({}))).toBe("INVALID_REQUEST");
  });

  it("keep the typed errors of the owners", async () => {
    expect(await reasonOf(gateway.grpc(ModelService).generate(say("x", "unknown")))).toBe("MODEL_NOT_FOUND");
    expect(await reasonOf(collect(gateway.grpc(ModelService).streamGenerate(say("x", "poor"))))).toBe(
      "BUDGET_EXCEEDED",
    );
  });
});

describe("runs", () => {
  it("answer when they have ended", async () => {
    const { run } = await gateway
      .grpc(AgentService)
      .run({ run: { agentId: "assistant", input: "hi", sessionId: "s1" } });
    expect(run!.output!.parts[0]!.content.value).toBe("agent: hi");
    expect(gateway.owners.seen.starts.at(-1)).toMatchObject({ agentId: "assistant", sessionId: "s1", stream: false });
  });

  it("stream their events", async () => {
    const events = await collect(gateway.grpc(AgentService).streamRun({ run: { agentId: "assistant", input: "hi" } }));
    expect(events.map(({ event }) => event!.event.case)).toEqual(["accepted", "textDelta", "succeeded"]);
    expect(gateway.owners.seen.starts.at(-1)!.stream).toBe(true);
  });

  it("are cancelled when the caller goes away, with and without a stream", async () => {
    const { cancelled, starts } = gateway.owners.seen;
    const agents = gateway.grpc(AgentService);
    const run = { agentId: "endless", input: "hi" };
    const leave = new AbortController();
    const waiting = failure(agents.run({ run }, { signal: leave.signal }));
    const before = starts.length;
    await vi.waitFor(() => expect(starts.length).toBe(before + 1));
    leave.abort();
    await waiting;
    await vi.waitFor(() => expect(cancelled).toContain(`r${before + 1}`));
    for await (const { event } of agents.streamRun({ run })) if (event?.event.case === "textDelta") break;
    await failure(agents.run({ run }, { timeoutMs: 100 }));
    await vi.waitFor(() => expect(cancelled).toContain(`r${starts.length}`));
  });

  it("go on without their caller when they have an idempotency key", async () => {
    const { cancelled, starts } = gateway.owners.seen;
    const run = { agentId: "endless", input: "hi", idempotencyKey: "k1" };
    await failure(gateway.grpc(AgentService).run({ run }, { timeoutMs: 100 }));
    const id = `r${starts.length}`;
    // The next run is cancelled after this one would have been.
    await failure(gateway.grpc(AgentService).run({ run: { ...run, idempotencyKey: "" } }, { timeoutMs: 50 }));
    await vi.waitFor(() => expect(cancelled).toContain(`r${starts.length}`));
    expect(cancelled).not.toContain(id);
  });

  it("are refused without an input, and when the agent is unknown", async () => {
    expect(await reasonOf(gateway.grpc(AgentService).run({}))).toBe("INVALID_REQUEST");
    expect(await reasonOf(gateway.grpc(AgentService).submitRun({ run: { agentId: "nobody" } }))).toBe(
      "AGENT_NOT_FOUND",
    );
  });
});

describe("a gateway that stops", () => {
  it("leaves the runs that it streams to go on, because their callers can watch them again", async () => {
    const stopping = await openGateway();
    const events = stopping.grpc(AgentService).streamRun({ run: { agentId: "endless", input: "hi" } });
    const cut = failure(
      (async () => {
        for await (const { event } of events) if (event?.event.case === "textDelta") void stopping.process.stop(100);
      })(),
    );
    expect((await cut).code).toBe(Code.Unavailable);
    await stopping.close();
    expect(stopping.owners.seen.cancelled).toEqual([]);
  });
});

describe("sessions and usage", () => {
  it("come from their owners", async () => {
    const found = await gateway.grpc(SessionService).getSession({ sessionId: "s1" });
    expect(found).toMatchObject({ session: { id: "s1" }, nextPageToken: "more" });
    expect(await reasonOf(gateway.grpc(SessionService).getSession({ sessionId: "s2" }))).toBe("SESSION_NOT_FOUND");
    const { rows } = await gateway.grpc(UsageService).getUsage({ user: "ann" });
    expect(rows[0]).toMatchObject({ key: "ann", amount: { nanoUsd: 1_500n } });
    expect(await reasonOf(gateway.grpc(UsageService).setLimit({}))).toBe("INVALID_REQUEST");
  });
});
