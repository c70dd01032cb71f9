import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createSimulator } from "./index.ts";
import { eventsOf, type SimulatorClient, startSimulator } from "./testing.ts";

let simulator: SimulatorClient;
beforeAll(async () => {
  simulator = await startSimulator();
});
afterAll(() => simulator.close());

interface ErrorBody {
  error: { message: string; type: string; param: string | null; code: string | null };
}
const errorOf = async (response: Response) => ((await response.json()) as ErrorBody).error;

describe("chat completions", () => {
  test("answer in OpenAI's shape, and say that a simulator answered", async () => {
    const response = await simulator.chat({ model: "simulator-large" });
    const body = (await response.json()) as { choices: unknown[]; usage: Record<string, number>; model: string };

    expect(response.status).toBe(200);
    expect(body).toMatchObject({
      object: "chat.completion",
      model: "simulator-large",
      system_fingerprint: "fp_simulator",
    });
    expect(body.choices).toEqual([
      {
        index: 0,
        message: { role: "assistant", content: expect.stringContaining("simulator"), refusal: null },
        logprobs: null,
        finish_reason: "stop",
      },
    ]);
    expect(body.usage.total_tokens).toBe(body.usage.prompt_tokens! + body.usage.completion_tokens!);
  });

  test("stream the same text as the whole answer, with usage as the last chunk when asked", async () => {
    const whole = (await (await simulator.chat({})).json()) as {
      choices: { message: { content: string } }[];
      usage: object;
    };
    const response = await simulator.chat({ stream: true, stream_options: { include_usage: true } });
    const events = eventsOf(await response.text()) as {
      choices: { delta: { content?: string }; finish_reason: string | null }[];
      usage: object | null;
    }[];

    expect(response.headers.get("content-type")).toContain("text/event-stream");
    expect(events.pop()).toBe("[DONE]");
    const usage = events.pop()!;
    expect(usage).toMatchObject({ choices: [], usage: whole.usage });
    expect(events.every((event) => event.usage === null)).toBe(true);
    expect(events.map((event) => event.choices[0]!.delta.content ?? "").join("")).toBe(
      whole.choices[0]!.message.content,
    );
    expect(events.map((event) => event.choices[0]!.finish_reason).filter(Boolean)).toEqual(["stop"]);
  });

  test("stream without usage unless asked for it", async () => {
    const events = eventsOf(await (await simulator.chat({ stream: true })).text());
    expect(events.some((event) => typeof event === "object" && event !== null && "usage" in event)).toBe(false);
  });

  test("stop at max_tokens and say so", async () => {
    for (const limit of [{ max_tokens: 3 }, { max_completion_tokens: 3 }]) {
      const body = (await (await simulator.chat(limit)).json()) as {
        choices: { finish_reason: string; message: { content: string } }[];
        usage: object;
      };
      expect(body.choices[0]).toMatchObject({ finish_reason: "length", message: { content: "Hello! I am " } });
      expect(body.usage).toMatchObject({ completion_tokens: 3 });
    }
  });

  test("cut arguments at max_tokens, as real models do", async () => {
    const tools = [
      {
        type: "function",
        function: {
          name: "calculator",
          parameters: { type: "object", properties: { expression: { type: "string" } }, required: ["expression"] },
        },
      },
    ];
    const response = await simulator.chat({
      tools,
      max_tokens: 5,
      messages: [{ role: "user", content: "what is 123456 * 7891011?" }],
    });
    const [choice] = (
      (await response.json()) as {
        choices: { finish_reason: string; message: { tool_calls: { function: { arguments: string } }[] } }[];
      }
    ).choices;
    expect(choice!.finish_reason).toBe("length");
    expect(() => JSON.parse(choice!.message.tool_calls[0]!.function.arguments)).toThrow();
  });

  test("stop before a stop text", async () => {
    const body = (await (await simulator.chat({ stop: ["simulator"] })).json()) as {
      choices: { message: { content: string } }[];
    };
    expect(body.choices[0]!.message.content).toBe("Hello! I am a ");
  });

  test("keep characters whole where the limit falls into one", async () => {
    const messages = [{ role: "user", content: `\`\`\`script\n[{"text":"abc😀😀😀"}]\n\`\`\`` }];
    const response = await simulator.chat({ model: "simulator-script", messages, max_tokens: 1 });
    const body = (await response.json()) as { choices: { message: { content: string } }[] };
    expect(body.choices[0]!.message.content).toBe("abc");
  });
});

describe("a request that breaks the format", () => {
  const messages = [{ role: "user", content: "x" }];
  const call = { id: "a", type: "function", function: { name: "f", arguments: "{}" } };
  test.each([
    ["no JSON", "{", 400, null, null],
    ["no object", "[]", 400, null, null],
    ["no model", { messages }, 400, "model", null],
    ["unknown model", { model: "gpt-4", messages }, 404, "model", "model_not_found"],
    ["unknown fault", { model: "simulator-small+sttus=5", messages }, 404, "model", "model_not_found"],
    ["fault out of range", { model: "simulator-small+status=200", messages }, 404, "model", "model_not_found"],
    ["hostile model", { model: "__proto__", messages }, 404, "model", "model_not_found"],
    ["model for another purpose", { model: "simulator-embedding", messages }, 400, "model", "unsupported_model"],
    ["no messages", { model: "simulator-small" }, 400, "messages", "missing_required_parameter"],
    ["empty messages", { model: "simulator-small", messages: [] }, 400, "messages", "empty_array"],
    [
      "unknown role",
      { model: "simulator-small", messages: [{ role: "robot", content: "x" }] },
      400,
      "messages[0].role",
      "invalid_value",
    ],
    [
      "no content",
      { model: "simulator-small", messages: [{ role: "user" }] },
      400,
      "messages[0].content",
      "invalid_type",
    ],
    ["temperature", { model: "simulator-small", messages, temperature: 3 }, 400, "temperature", "invalid_value"],
    [
      "max_tokens 0",
      { model: "simulator-small", messages, max_tokens: 0 },
      400,
      "max_tokens",
      "integer_below_min_value",
    ],
    [
      "tool name",
      { model: "simulator-small", messages, tools: [{ type: "function", function: { name: "a b" } }] },
      400,
      "tools[0].function.name",
      "invalid_value",
    ],
    [
      "tool_choice without tools",
      { model: "simulator-small", messages, tool_choice: "auto" },
      400,
      "tool_choice",
      null,
    ],
    [
      "stream_options without stream",
      { model: "simulator-small", messages, stream_options: {} },
      400,
      "stream_options",
      null,
    ],
    [
      "result without call",
      { model: "simulator-small", messages: [{ role: "tool", tool_call_id: "a", content: "x" }] },
      400,
      "messages[0].role",
      null,
    ],
    [
      "call without result",
      { model: "simulator-small", messages: [{ role: "assistant", tool_calls: [call] }, ...messages] },
      400,
      "messages[0].tool_calls",
      null,
    ],
    ["several choices", { model: "simulator-small", messages, n: 2 }, 400, "n", "unsupported_value"],
  ])("%s is refused, naming the parameter", async (_name, body, status, param, code) => {
    const response = await simulator.post("/chat/completions", body);
    expect(response.status).toBe(status);
    expect(await errorOf(response)).toMatchObject({
      type: "invalid_request_error",
      param,
      code,
      message: expect.stringMatching(/\S{3}/),
    });
  });

  test("bad UTF-8 is refused", async () => {
    const response = await simulator.chat({}, { body: Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]) });
    expect(response.status).toBe(400);
  });

  test("an unknown address, method or model id is refused", async () => {
    expect((await errorOf(await simulator.post("/responses", {}))).code).toBe("unknown_url");
    expect((await fetch(`${simulator.url}/chat/completions`)).status).toBe(405);
    expect((await fetch(`${simulator.url}/models/gpt-4`)).status).toBe(404);
    expect((await fetch(`${simulator.url}/models/%ff`)).status).toBe(400);
  });

  test("more than 32 MB is refused", async () => {
    const response = await simulator.post("/chat/completions", `"${"x".repeat(33 * 1024 * 1024)}"`);
    expect(response.status).toBe(413);
  });
});

describe("a key", () => {
  test("is not needed unless the simulator is told to", async () => {
    const guarded = await startSimulator({ apiKey: "secret-key-1" });
    const as = (authorization?: string) =>
      guarded.chat(
        {},
        { headers: { "content-type": "application/json", ...(authorization ? { authorization } : {}) } },
      );
    expect((await errorOf(await as())).code).toBe("missing_api_key");
    expect((await errorOf(await as("Bearer wrong"))).code).toBe("invalid_api_key");
    expect((await as("Bearer secret-key-1")).status).toBe(200);
    expect(JSON.stringify(guarded.requests)).not.toContain("secret-key-1");
    await guarded.close();
  });
});

describe("the request log", () => {
  test("tells what was asked, by whom, and what was sent", async () => {
    const own = await startSimulator();
    await own.chat(
      { model: "simulator-small+no_usage" },
      { headers: { "user-agent": "test/1", traceparent: "00-a-b-01", "x-other": "no" } },
    );
    await own.chat({ model: "nope" });
    expect(own.requests).toMatchObject([
      {
        sequence: 1,
        path: "/v1/chat/completions",
        model: "simulator-small+no_usage",
        status: 200,
        outcome: "complete",
        headers: { "user-agent": "test/1", traceparent: "00-a-b-01" },
        body: { messages: [{ content: "Hello" }] },
      },
      { sequence: 2, model: "nope", status: 404, outcome: "error" },
    ]);
    expect(own.requests[0]!.headers).not.toHaveProperty("x-other");
    await own.close();
  });

  test("forgets old requests, counts all", async () => {
    const own = await startSimulator({ rememberRequests: 3 });
    for (let i = 0; i < 20; i++) await (await own.chat({})).arrayBuffer();
    expect(own.requestCount).toBe(20);
    expect(own.requests.length).toBeLessThan(6);
    expect(own.requests.at(-1)!.sequence).toBe(20);
    await own.close();
  });
});

describe("starting and closing", () => {
  test("a taken port and an unknown fault are told at once", async () => {
    await expect(createSimulator({ port: simulator.port })).rejects.toThrow(/EADDRINUSE/);
    await expect(createSimulator({ faults: "explode" })).rejects.toThrow(/Unknown fault `explode`/);
  });

  test("closing ends silent and running answers", async () => {
    const own = await startSimulator();
    const silent = own.chat({ model: "simulator-small+silence" }).catch(() => "closed");
    await expect.poll(() => own.requests[0]?.outcome).toBe("silence");
    await own.close();
    expect(await silent).toBe("closed");
  });
});
