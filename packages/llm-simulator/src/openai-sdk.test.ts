import OpenAI from "openai";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createSimulator, MODEL_IDS, type Simulator } from "./index.ts";

let simulator: Simulator;
let openai: OpenAI;
beforeAll(async () => {
  simulator = await createSimulator();
  openai = new OpenAI({ baseURL: simulator.url, apiKey: "none", maxRetries: 0 });
});
afterAll(() => simulator.close());

const model = "simulator-small";
const calculator = {
  type: "function",
  function: {
    name: "calculator",
    parameters: { type: "object", properties: { expression: { type: "string" } }, required: ["expression"] },
  },
} as const;

describe("the official SDK", () => {
  test("runs a whole tool turn", async () => {
    const messages: OpenAI.ChatCompletionMessageParam[] = [{ role: "user", content: "What is 17 * 23?" }];
    const first = await openai.chat.completions.create({ model, messages, tools: [calculator] });
    const [choice] = first.choices;
    expect(choice!.finish_reason).toBe("tool_calls");
    const [call] = choice!.message.tool_calls!;
    expect(call).toMatchObject({
      type: "function",
      function: { name: "calculator", arguments: '{"expression":"17 * 23"}' },
    });

    messages.push(choice!.message, { role: "tool", tool_call_id: call!.id, content: '{"result":391}' });
    const second = await openai.chat.completions.create({ model, messages, tools: [calculator] });
    expect(second.choices[0]!.message.content).toBe("17 * 23 = 391");
  });

  test("assembles a streamed tool call and its usage", async () => {
    const stream = openai.chat.completions.stream({
      model,
      messages: [{ role: "user", content: "What is 17 * 23?" }],
      tools: [calculator],
      stream_options: { include_usage: true },
    });
    const completion = await stream.finalChatCompletion();
    expect(completion.choices[0]!.message.tool_calls![0]).toMatchObject({
      function: { name: "calculator", arguments: '{"expression":"17 * 23"}' },
    });
    expect(completion.usage!.completion_tokens).toBeGreaterThan(0);
  });

  test("streams text and can leave in the middle", async () => {
    const stream = await openai.chat.completions.create({
      model: `${model}+tps=50`,
      messages: [{ role: "user", content: "Hello" }],
      stream: true,
    });
    let text = "";
    for await (const chunk of stream) {
      text += chunk.choices[0]?.delta.content ?? "";
      if (text.length > 5) break;
    }
    expect("Hello! I am a simulator").toContain(text);
    await expect.poll(() => simulator.requests.at(-1)?.outcome).toBe("gone");
  });

  test("gets embeddings, base64 by default and as floats alike", async () => {
    const input = ["the cat sat", "the cat sat down", "quarterly revenue"];
    const packed = await openai.embeddings.create({ model: "simulator-embedding", input });
    const plain = await openai.embeddings.create({ model: "simulator-embedding", input, encoding_format: "float" });
    const vectors = packed.data.map((item) => item.embedding);
    expect(vectors[0]).toHaveLength(256);
    for (const [i, { embedding }] of plain.data.entries()) {
      for (const [j, value] of embedding.entries()) expect(value).toBeCloseTo(vectors[i]![j]!, 6);
    }
    const near = (a: number[], b: number[]) => a.reduce((sum, value, i) => sum + value * b[i]!, 0);
    expect(near(vectors[0]!, vectors[0]!)).toBeCloseTo(1, 5);
    expect(near(vectors[0]!, vectors[1]!)).toBeGreaterThan(near(vectors[0]!, vectors[2]!) + 0.3);
    const short = await openai.embeddings.create({ model: "simulator-embedding", input: "x", dimensions: 8 });
    expect(short.data[0]!.embedding).toHaveLength(8);
  });

  test("lists and finds models", async () => {
    const ids: string[] = [];
    for await (const entry of openai.models.list()) ids.push(entry.id);
    expect(ids).toEqual(MODEL_IDS);
    expect((await openai.models.retrieve("simulator-small")).owned_by).toBe("agentmesh-simulator");
  });

  test("understands the errors, and retries by itself", async () => {
    await expect(
      openai.chat.completions.create({ model: "gpt-4", messages: [{ role: "user", content: "x" }] }),
    ).rejects.toBeInstanceOf(OpenAI.NotFoundError);
    await expect(openai.embeddings.create({ model: "simulator-embedding", input: [] })).rejects.toBeInstanceOf(
      OpenAI.BadRequestError,
    );
    const patient = openai.withOptions({ maxRetries: 2 });
    const answer = await patient.chat.completions.create({
      model: `${model}+fail_times=2+status=503+retry_after=0`,
      messages: [{ role: "user", content: "Hello" }],
    });
    expect(answer.choices[0]!.message.content).toContain("Hello");
  });

  test("a cut stream is an error, never a complete answer", async () => {
    const stream = openai.chat.completions.stream({
      model: `${model}+cut=4`,
      messages: [{ role: "user", content: "Hello" }],
    });
    await expect(stream.finalChatCompletion()).rejects.toThrow();
  });
});
