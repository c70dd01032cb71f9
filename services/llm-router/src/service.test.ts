/** The service as its callers meet it, with the real simulator behind it. */
import { FinishReason, type GenerationEvent, ToolChoice } from "@agentmesh/contracts/llm_router/v1/model";
import { Role } from "@agentmesh/contracts/type/v1/types";
import { createSimulator, type Simulator, type SimulatorOptions } from "@agentmesh/llm-simulator";
import { errorInfoOf, withStream } from "@agentmesh/rpc";
import { parseExposition, startOtlpReceiver } from "@agentmesh/telemetry/testing";
import { afterEach, describe, expect, it } from "vitest";
import { type RouterOptions, type StartedRouter, startRouter } from "./router.fixture.ts";

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).reverse()) await clean();
});

async function start(options: Partial<RouterOptions> = {}, simulated: SimulatorOptions = {}) {
  const simulator = await createSimulator(simulated);
  cleanups.push(() => simulator.close());
  const router = await startRouter({ url: simulator.url, ...options });
  cleanups.push(() => router.close());
  return { simulator, ...router };
}

const userMessage = (text: string) => ({
  role: Role.USER,
  parts: [{ content: { case: "text" as const, value: text } }],
});
const ask = (model: string, text = "Say hello") => ({ prompt: { model, messages: [userMessage(text)] } });
const calculator = {
  name: "calculator",
  description: "Computes an expression.",
  parameters: { type: "object", properties: { expression: { type: "string" } }, required: ["expression"] },
};

async function failureOf(call: Promise<unknown>) {
  const error = await call.then(
    () => undefined,
    (failure: unknown) => failure,
  );
  return errorInfoOf(error);
}

interface Collected {
  readonly events: GenerationEvent["event"][];
  readonly text: string;
  readonly error: ReturnType<typeof errorInfoOf>;
}

/** Reads a stream to its end, however it ends. */
async function collect(stream: AsyncIterable<{ event?: GenerationEvent | undefined }>): Promise<Collected> {
  const events: GenerationEvent["event"][] = [];
  let error: unknown;
  try {
    for await (const { event } of stream) if (event !== undefined) events.push(event.event);
  } catch (caught) {
    error = caught;
  }
  const text = events.map((event) => (event.case === "textDelta" ? event.value : "")).join("");
  return { events, text, error: errorInfoOf(error) };
}

async function metric(router: StartedRouter, name: string, labels: Record<string, string>) {
  const server = await router.telemetry.serveMetrics({ host: "127.0.0.1", port: 0 });
  const headers = { accept: "application/openmetrics-text" };
  const text = await (await fetch(`http://${server.address}/metrics`, { headers })).text();
  await server.close();
  const samples = parseExposition(text).samples.filter((sample) => sample.name === name);
  return samples.find((sample) => Object.entries(labels).every(([key, value]) => sample.labels[key] === value))?.value;
}

describe("a model call", () => {
  it("answers, says who answered and why, and settles exactly what the provider counted", async () => {
    const { client, holds } = await start();
    const { generation } = await client.generate({
      ...ask("simulator-small"),
      attribution: { agentId: "assistant", runId: "run-1", stepKey: "turn.0/think", runLimit: { nanoUsd: 10n ** 9n } },
    });
    expect(generation?.message?.role).toBe(Role.ASSISTANT);
    expect(generation?.model).toContain("simulator");
    expect(generation).toMatchObject({ provider: "simulator", routeReason: "requested", attempts: 1 });
    expect(generation?.finishReason).toBe(FinishReason.STOP);
    const { inputTokens = 0n, outputTokens = 0n, estimated } = generation?.usage ?? {};
    expect(estimated).toBe(false);
    // 0.15 and 0.60 US dollars per million tokens are 150 and 600 nano-dollars per token.
    const cost = inputTokens * 150n + outputTokens * 600n;
    expect(generation?.cost?.nanoUsd).toBe(cost);
    const [hold] = holds.all;
    expect(holds.all).toHaveLength(1);
    expect(hold).toMatchObject({
      state: "settled",
      closings: 1,
      type: "model",
      resource: "simulator-small",
      tenant: "acme",
    });
    expect(hold?.settled?.amount).toBe(cost);
    expect(hold?.amount).toBeGreaterThan(cost);
    expect(hold?.attribution).toMatchObject({ agentId: "assistant", runId: "run-1", runLimit: 10n ** 9n });
    expect(hold?.holdId).toMatch(/^run-1\/turn\.0\/think\/[0-9a-f-]{36}$/);
  });

  it("streams the same answer that it gives at once, delta by delta, and completes it", async () => {
    const { client, holds } = await start();
    const { generation } = await client.generate(ask("simulator-small", "Tell me who you are"));
    const { events, text } = await collect(client.streamGenerate(ask("simulator-small", "Tell me who you are")));
    expect(events[0]).toMatchObject({ case: "started", value: { model: "simulator-small", provider: "simulator" } });
    const last = events.at(-1);
    expect(last?.case).toBe("completed");
    const whole = generation?.message?.parts[0]?.content.value;
    expect(text).toBe(whole);
    expect(events.filter((event) => event.case === "textDelta").length).toBeGreaterThan(1);
    expect(last).toMatchObject({
      value: { message: { parts: [{ content: { value: whole } }] }, usage: generation?.usage },
    });
    expect(holds.all.map(({ state, closings }) => [state, closings])).toEqual([
      ["settled", 1],
      ["settled", 1],
    ]);
  });

  it("lets a model call a tool, and answers from the tool's result", async () => {
    const { client } = await start();
    const prompt = { model: "simulator-small", tools: [calculator], messages: [userMessage("What is 17 * 23?")] };
    const { events } = await collect(client.streamGenerate({ prompt }));
    const last = events.at(-1);
    if (last?.case !== "completed") throw new Error("the stream did not complete");
    expect(last.value.finishReason).toBe(FinishReason.TOOL_CALLS);
    const [call] = last.value.message?.toolCalls ?? [];
    expect(call?.name).toBe("calculator");
    const deltas = events.flatMap((event) => (event.case === "toolCallDelta" ? [event.value] : []));
    expect(deltas[0]).toMatchObject({ index: 0, id: call?.id, name: "calculator" });
    expect(deltas.map(({ argumentsDelta }) => argumentsDelta).join("")).toBe(call?.argumentsJson);

    const result = {
      role: Role.TOOL,
      toolCallId: call?.id ?? "",
      parts: [{ content: { case: "text" as const, value: "391" } }],
    };
    const answered = [...prompt.messages, last.value.message!, result];
    const { generation } = await client.generate({ prompt: { ...prompt, messages: answered } });
    expect(generation?.message?.parts[0]?.content.value).toContain("391");
  });

  it("makes ids of tool calls unique and empty arguments an object, in deltas and in the whole", async () => {
    const script = JSON.stringify([
      {
        tool_calls: [
          { id: "same", name: "calculator", arguments: "" },
          { id: "same", name: "calculator", arguments: '{"expression":"1"}' },
        ],
      },
    ]);
    const { client } = await start();
    const messages = [userMessage(`\`\`\`script\n${script}\n\`\`\``)];
    const request = { prompt: { model: "simulator-script", tools: [calculator], messages } };
    const { generation } = await client.generate(request);
    const calls = generation?.message?.toolCalls ?? [];
    expect(calls.map(({ id }) => id)).toEqual(["same", "same_2"]);
    expect(calls.map(({ argumentsJson }) => JSON.parse(argumentsJson))).toEqual([{}, { expression: "1" }]);
    const { events } = await collect(client.streamGenerate(request));
    const written = new Map<number, string>();
    for (const event of events) {
      if (event.case !== "toolCallDelta") continue;
      written.set(event.value.index, (written.get(event.value.index) ?? "") + event.value.argumentsDelta);
    }
    expect([...written.values()].map((text) => JSON.parse(text))).toEqual([{}, { expression: "1" }]);
  });

  it("asks the provider for what the prompt asked for", async () => {
    const { client, simulator } = await start();
    await client.generate({
      prompt: {
        ...ask("simulator-small").prompt,
        tools: [calculator],
        toolChoice: ToolChoice.NAMED,
        toolChoiceName: "calculator",
        temperature: 0.5,
        topP: 0.9,
        maxOutputTokens: 77,
        stop: ["END"],
        seed: 7n,
      },
    });
    expect(simulator.requests.at(-1)?.body).toMatchObject({
      model: "simulator-small",
      max_tokens: 77,
      temperature: 0.5,
      top_p: 0.9,
      stop: ["END"],
      seed: 7,
      tools: [{ type: "function", function: calculator }],
      tool_choice: { type: "function", function: { name: "calculator" } },
    });
  });

  it("answers in JSON when a schema is given", async () => {
    const { client } = await start();
    const responseSchema = {
      type: "object",
      properties: { city: { type: "string" } },
      required: ["city"],
      additionalProperties: false,
    };
    const { generation } = await client.generate({ prompt: { ...ask("simulator-small").prompt, responseSchema } });
    expect(JSON.parse(String(generation?.message?.parts[0]?.content.value))).toHaveProperty("city");
  });

  it("says LENGTH when the limit cut the answer", async () => {
    const { client } = await start();
    const { generation } = await client.generate({ prompt: { ...ask("simulator-small").prompt, maxOutputTokens: 2 } });
    expect(generation?.finishReason).toBe(FinishReason.LENGTH);
  });

  it("estimates usage that the provider does not report, and says so in answer and settlement", async () => {
    const { client, holds } = await start();
    for (const call of [
      client.generate(ask("simulator-small+no_usage")).then(({ generation }) => generation),
      collect(client.streamGenerate(ask("simulator-small+no_usage"))).then(
        ({ events }) => events.at(-1)?.value as never,
      ),
    ]) {
      const usage = (await call)?.usage;
      expect(usage?.estimated).toBe(true);
      expect(usage?.inputTokens).toBeGreaterThan(0n);
      expect(usage?.outputTokens).toBeGreaterThan(0n);
    }
    for (const hold of holds.all)
      expect(hold).toMatchObject({ state: "settled", settled: { usage: { estimated: true } } });
  });

  it("takes the default model for a prompt that names none, and chooses for auto", async () => {
    const { client } = await start();
    expect((await client.generate(ask(""))).generation).toMatchObject({
      routeReason: "requested",
      model: "simulator-small",
    });
    const simple = await client.generate(ask("auto", "Hi"));
    expect(simple.generation?.model).toBe("simulator-small");
    expect(simple.generation?.routeReason).toContain("tier 1");
    const hard = await client.generate(ask("auto", "Explain step by step why the sky is blue"));
    expect(hard.generation?.model).toBe("simulator-large");
    expect(hard.generation?.routeReason).toContain("hard work asked for");
  });

  it("lists its models with prices and limits", async () => {
    const { client } = await start();
    const { models } = await client.listModels({});
    expect(models.map(({ name }) => name)).toContain("lexical");
    const small = models.find(({ name }) => name === "simulator-small");
    expect(small).toMatchObject({ tools: true, tier: 1, inputPricePerMillion: { nanoUsd: 150_000_000n } });
  });
});

describe("a provider's fault", () => {
  it.each([
    ["status=429", "PROVIDER_RATE_LIMITED", 3],
    ["status=500", "PROVIDER_UNAVAILABLE", 3],
    ["status=503", "PROVIDER_UNAVAILABLE", 3],
    ["reset", "PROVIDER_UNAVAILABLE", 3],
    ["status=400", "PROVIDER_REJECTED", 1],
    ["status=401", "PROVIDER_REJECTED", 1],
    ["status=404", "PROVIDER_REJECTED", 1],
    ["status=501", "PROVIDER_UNAVAILABLE", 1],
  ])(
    "%s becomes %s after %i tries, charges nothing, and shows nothing of the provider's text",
    async (fault, reason, tries) => {
      const { client, holds, simulator, settlements } = await start();
      for (const streamed of [false, true]) {
        const before = simulator.requestCount;
        const request = ask(`simulator-small+${fault}`);
        const failure = streamed
          ? (await collect(client.streamGenerate(request))).error
          : await failureOf(client.generate(request));
        expect(failure).toMatchObject({ reason, domain: "llm-router.agentmesh", metadata: { provider: "simulator" } });
        expect(failure?.message).not.toMatch(/127\.0\.0\.1|https?:/);
        expect(simulator.requestCount - before).toBe(tries);
      }
      await settlements.idle();
      expect(holds.all.map(({ state }) => state)).toEqual(["released", "released"]);
    },
  );

  it("is repaired by a retry when it passes", async () => {
    const router = await start();
    const { generation } = await router.client.generate(ask("simulator-small+fail_times=2"));
    expect(generation?.attempts).toBe(3);
    const { events } = await collect(router.client.streamGenerate(ask("simulator-small+reset+fail_times=1")));
    expect(events.at(-1)).toMatchObject({ case: "completed", value: { attempts: 2 } });
    expect(router.holds.all.map(({ state }) => state)).toEqual(["settled", "settled"]);
    expect(router.events("llm_retry")).toHaveLength(3);
    expect(await metric(router, "llm_retries_total", { model: "simulator-small+*", reason: "unavailable" })).toBe(2);
  });

  it("honours Retry-After, and fails at once with it when the deadline does not allow the wait", async () => {
    const { client, events } = await start();
    const started = performance.now();
    await client.generate(ask("simulator-small+status=429+retry_after=0.3+fail_times=1"));
    expect(performance.now() - started).toBeGreaterThan(290);
    expect(events("llm_retry")).toMatchObject([{ reason: "rate_limited", wait_ms: 300 }]);
    const asked = client.generate(ask("simulator-small+status=429+retry_after=20"), { timeoutMs: 3_000 });
    expect(await failureOf(asked)).toMatchObject({ reason: "PROVIDER_RATE_LIMITED", retryAfterMs: 20_000 });
    expect(performance.now() - started).toBeLessThan(2_500);
  });

  it.each(["cut=5", "truncate=5", "stall=5", "malformed=5", "error_chunk=5"])(
    "in the middle of a stream (%s) is an error, never a short answer, is not retried and is charged as an estimate",
    async (fault) => {
      const { client, holds, simulator } = await start({ idleMs: 100 });
      const { events, text, error } = await collect(client.streamGenerate(ask(`simulator-small+${fault}`)));
      expect(error?.reason).toBe("STREAM_INTERRUPTED");
      expect(text.length).toBeGreaterThan(0);
      expect(events.some((event) => event.case === "completed")).toBe(false);
      expect(simulator.requestCount).toBe(1);
      const hold = await holds.closed();
      expect(hold).toMatchObject({ state: "settled", settled: { usage: { estimated: true } } });
      expect(hold.settled?.amount).toBeGreaterThan(0n);
    },
  );

  it.each([
    ["cut=5", "PROVIDER_PROTOCOL_ERROR"],
    ["malformed=1", "PROVIDER_PROTOCOL_ERROR"],
    ["silence", "PROVIDER_TIMEOUT"],
  ])("%s of a plain answer becomes %s and is charged as an estimate", async (fault, reason) => {
    const { client, holds } = await start({ firstByteMs: 150 });
    expect((await failureOf(client.generate(ask(`simulator-small+${fault}`))))?.reason).toBe(reason);
    expect(await holds.closed()).toMatchObject({ state: "settled", settled: { usage: { estimated: true } } });
  });

  it("before the first token of a stream is not hidden by the headers that came", async () => {
    const { client } = await start({ firstByteMs: 100 });
    const { events, error } = await collect(client.streamGenerate(ask("simulator-small+first_token_ms=5000")));
    expect(error?.reason).toBe("PROVIDER_TIMEOUT");
    expect(events).toEqual([]);
  });

  it("of having gone away is PROVIDER_UNAVAILABLE, and Diagnose knows it without a probe", async () => {
    const { client, health, simulator } = await start();
    expect(health.states()).toEqual([{ name: "simulator", status: "unused" }]);
    await client.generate(ask("simulator-small"));
    expect(health.states()).toMatchObject([{ name: "simulator", status: "ok" }]);
    await simulator.close();
    expect((await failureOf(client.generate(ask("simulator-small"))))?.reason).toBe("PROVIDER_UNAVAILABLE");
    const [state] = health.states();
    expect(state).toMatchObject({ status: "failing", lastSuccess: expect.any(Number) });
    expect(state?.lastError).not.toContain("127.0.0.1");
  });

  it("is ended by the limit of a call when the caller set no deadline", async () => {
    const { client } = await start({ callTimeoutMs: 150 });
    expect((await failureOf(client.generate(ask("simulator-small+silence"))))?.reason).toBe("PROVIDER_TIMEOUT");
  });
});

async function outcomeOf(simulator: Simulator, outcome: string): Promise<void> {
  while (simulator.requests.at(-1)?.outcome !== outcome) await new Promise((resolve) => setImmediate(resolve));
}

describe("a caller who leaves", () => {
  it("in the middle of a stream ends the provider's work and pays for what was produced", async () => {
    const { client, simulator, holds } = await start({}, { tokensPerSecond: 50 });
    const scope = { signal: new AbortController().signal, deadline: undefined, credential: undefined, span: undefined };
    await withStream(scope, async (options) => {
      for await (const { event } of client.streamGenerate(ask("simulator-small"), options)) {
        if (event?.event.case === "textDelta") return;
      }
    });
    const hold = await holds.closed();
    expect(hold).toMatchObject({ state: "settled", closings: 1, settled: { usage: { estimated: true } } });
    await outcomeOf(simulator, "gone");
  });

  it("by cancelling ends the provider's work and pays for the prompt, which was worked on", async () => {
    const { client, simulator, holds } = await start();
    const controller = new AbortController();
    const call = failureOf(client.generate(ask("simulator-small+silence"), { signal: controller.signal }));
    while (simulator.requestCount === 0) await new Promise((resolve) => setImmediate(resolve));
    controller.abort();
    expect((await call)?.reason).toBe("CANCELLED");
    const hold = await holds.closed();
    expect(hold.settled?.usage).toMatchObject({ outputTokens: 0, estimated: true });
    await outcomeOf(simulator, "gone");
  });

  it("because its deadline passed gets DEADLINE_EXCEEDED, also while a retry is waited for", async () => {
    const { client, holds } = await start();
    const call = client.generate(ask("simulator-small+silence"), { timeoutMs: 100 });
    expect((await failureOf(call))?.reason).toBe("DEADLINE_EXCEEDED");
    expect((await holds.closed()).state).toBe("settled");
    const short = await failureOf(client.generate(ask("simulator-small"), { timeoutMs: 1 }));
    if (short !== undefined) expect(short.reason).toBe("DEADLINE_EXCEEDED");
  });
});

describe("money", () => {
  it("that the budget refuses stops the call before the provider hears of it", async () => {
    const { client, holds, simulator, settlements } = await start();
    holds.refusal = { error: new Error("no"), decided: true };
    await expect(client.generate(ask("simulator-small"))).rejects.toThrow();
    await settlements.idle();
    expect(simulator.requestCount).toBe(0);
    expect(holds.all).toEqual([]);
  });

  it("is settled although the cost service fails for a while, and the answer does not wait for that", async () => {
    const { client, holds, settlements, lost } = await start();
    holds.failures = 2;
    const { generation } = await client.generate(ask("simulator-small"));
    expect(generation?.message).toBeDefined();
    await settlements.idle();
    expect(holds.all).toMatchObject([{ state: "settled", closings: 3 }]);
    expect(lost()).toBe(0);
  });

  it("that was perhaps held, because the answer to the hold was lost, is given back", async () => {
    const { client, holds, settlements, lost } = await start();
    const taken = holds.hold.bind(holds);
    holds.hold = async (...call) => {
      await taken(...call);
      throw new Error("the connection broke");
    };
    await expect(client.generate(ask("simulator-small"))).rejects.toThrow();
    await settlements.idle();
    expect(holds.all).toMatchObject([{ state: "released", closings: 1 }]);
    expect(lost()).toBe(0);
  });

  it("that is being settled when the service stops is tried once more without waiting", async () => {
    const { client, holds, settlements, lost } = await start({ settleWaitsMs: [60_000, 60_000] });
    holds.failures = 1;
    await client.generate(ask("simulator-small"));
    await settlements.finish();
    expect(holds.all).toMatchObject([{ state: "settled", closings: 2 }]);
    expect(lost()).toBe(0);
  });

  it("that cannot be settled is reported as lost, with the hold's id", async () => {
    const { client, holds, settlements, lost, lines } = await start();
    holds.failures = 100;
    await client.generate(ask("simulator-small"));
    await settlements.idle();
    expect(lost()).toBe(1);
    const [hold] = holds.all;
    expect(lines.some((line) => line.includes(hold?.holdId ?? "?") && line.includes("could not be closed"))).toBe(true);
  });

  it("of a free model is held and settled with zero, so that its usage is known", async () => {
    const free = { input: 0n, output: 0n, cachedInput: 0n };
    const model = {
      name: "simulator-small",
      provider: "simulator",
      upstream: undefined,
      kind: "generation" as const,
      contextTokens: 1_000,
      maxOutputTokens: 100,
      defaultOutputTokens: 100,
      prices: free,
      tools: true,
      json: true,
      tier: 1,
      dimensions: 0,
    };
    const { client, holds } = await start({ models: [model] });
    await client.generate(ask("simulator-small"));
    expect(holds.all).toMatchObject([{ amount: 0n, state: "settled", settled: { amount: 0n } }]);
    expect(holds.all[0]?.settled?.usage.inputTokens).toBeGreaterThan(0);
  });
});

describe("what is reported", () => {
  it("is one log line, latency, tokens and time to first token per call, under the catalogue's name, without content", async () => {
    const router = await start();
    await router.client.generate(ask("simulator-small", "my secret plan"));
    await collect(router.client.streamGenerate(ask("simulator-small+latency_ms=1", "my secret plan")));
    await failureOf(router.client.generate(ask("simulator-small+status=400", "my secret plan")));
    expect(router.events("llm_call")).toMatchObject([
      { model: "simulator-small", provider: "simulator", status: "ok", attempts: 1, cost_nano_usd: expect.any(String) },
      { model: "simulator-small+*", status: "ok", first_token_ms: expect.any(Number) },
      { model: "simulator-small+*", status: "error", reason: "rejected" },
    ]);
    expect(router.lines.join("")).not.toContain("secret");
    const pattern = { model: "simulator-small+*" };
    expect(await metric(router, "llm_call_latency_seconds_count", { ...pattern, status: "ok" })).toBe(1);
    expect(await metric(router, "llm_call_latency_seconds_count", { ...pattern, status: "rejected" })).toBe(1);
    expect(await metric(router, "llm_time_to_first_token_seconds_count", pattern)).toBe(1);
    expect(await metric(router, "llm_tokens_total", { ...pattern, token_type: "output" })).toBeGreaterThan(0);
    expect(await metric(router, "llm_calls_in_flight", pattern)).toBe(0);
  });
});

describe("a trace", () => {
  it("shows the call under its caller's span, with model, tokens and cost, and no content", async () => {
    const receiver = await startOtlpReceiver();
    cleanups.push(() => receiver.close());
    const { client, telemetry } = await start({ otlpEndpoint: receiver.endpoint });
    await client.generate(ask("simulator-small", "my secret plan"));
    await failureOf(client.generate(ask("simulator-small+status=400")));
    await telemetry.flush();
    const chats = receiver.spans.filter(({ name }) => name.startsWith("chat "));
    expect(chats.map(({ name }) => name)).toEqual(["chat simulator-small", "chat simulator-small+*"]);
    const server = receiver.spans.find(({ name }) => name.endsWith("LlmRouterService/Generate"));
    expect(chats[0]?.parentSpanId).toBe(server?.spanId);
    expect(chats[0]?.attributes).toMatchObject({
      "gen_ai.operation.name": "chat",
      "gen_ai.provider.name": "simulator",
      "gen_ai.request.model": "simulator-small",
      "gen_ai.response.model": "simulator-small",
      "gen_ai.response.finish_reasons": ["stop"],
    });
    expect(JSON.stringify(chats)).not.toContain("secret");
    expect(chats[1]?.attributes["error.type"]).toBeDefined();
  });
});

describe("embeddings", () => {
  it("by the lexical model cost nothing, take no hold and have length one", async () => {
    const { client, holds, simulator } = await start();
    const { embeddings, model, usage, cost } = await client.embed({ inputs: ["The quick brown fox", "ein Fuchs"] });
    expect(model).toBe("lexical");
    expect(usage?.inputTokens).toBe(6n);
    expect(cost?.nanoUsd).toBe(0n);
    for (const { values } of embeddings) {
      expect(values).toHaveLength(512);
      expect(Math.hypot(...values)).toBeCloseTo(1, 5);
    }
    expect([holds.all.length, simulator.requestCount]).toEqual([0, 0]);
  });

  it("by a provider are held, settled and normalised", async () => {
    const { client, holds } = await start();
    const { embeddings, usage, cost } = await client.embed({
      model: "simulator-embedding",
      inputs: ["a fox", "a dog"],
    });
    expect(embeddings).toHaveLength(2);
    for (const { values } of embeddings) expect(Math.hypot(...values)).toBeCloseTo(1, 5);
    expect(cost?.nanoUsd).toBe((usage?.inputTokens ?? 0n) * 20n);
    expect(holds.all).toMatchObject([{ type: "embedding", state: "settled", settled: { amount: cost?.nanoUsd } }]);
  });

  it("are retried and refused like answers", async () => {
    const { client, holds, settlements } = await start();
    await client.embed({ model: "simulator-embedding+fail_times=1", inputs: ["a"] });
    const failure = await failureOf(client.embed({ model: "simulator-embedding+status=400", inputs: ["a"] }));
    expect(failure?.reason).toBe("PROVIDER_REJECTED");
    await settlements.idle();
    expect(holds.all.map(({ state }) => state)).toEqual(["settled", "released"]);
  });

  it.each([
    ["inputs", { inputs: [] }],
    ["inputs", { inputs: new Array(257).fill("a") }],
    ["inputs[1]", { inputs: ["a", " \n"] }],
    ["inputs[0]", { inputs: ["ä".repeat(20_000)] }],
    ["model", { model: "m".repeat(129), inputs: ["a"] }],
  ])("of what is not valid name %s", async (field, request) => {
    const { client } = await start();
    const failure = await failureOf(client.embed(request));
    expect(failure?.reason).toBe("INVALID_INPUT");
    expect(failure?.message.startsWith(`${field} `)).toBe(true);
  });

  it("by an unknown model, or one that writes, are MODEL_NOT_FOUND", async () => {
    const { client } = await start();
    for (const model of ["nobody", "simulator-small"]) {
      expect((await failureOf(client.embed({ model, inputs: ["a"] })))?.reason).toBe("MODEL_NOT_FOUND");
    }
    for (const model of ["nobody", "simulator-embedding", "lexical"]) {
      expect((await failureOf(client.generate(ask(model))))?.reason).toBe("MODEL_NOT_FOUND");
    }
  });
});
