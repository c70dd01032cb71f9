import { describe, expect, it } from "vitest";
import { Catalogue, type ModelEntry } from "./catalogue.ts";
import type { Prompt } from "./prompt.ts";
import { route } from "./route.ts";

const model = (name: string, tier: number, changes: Partial<ModelEntry> = {}): ModelEntry => ({
  name,
  provider: "p",
  upstream: undefined,
  kind: "generation",
  contextTokens: 10_000,
  maxOutputTokens: 1_000,
  defaultOutputTokens: 500,
  prices: { input: BigInt(tier), output: BigInt(tier), cachedInput: 0n },
  tools: true,
  json: true,
  tier,
  dimensions: 0,
  ...changes,
});

const prompt = (text: string, changes: Partial<Prompt> = {}): Prompt => ({
  model: "auto",
  messages: [{ role: "user", text, toolCalls: [], toolCallId: "" }],
  tools: [],
  toolChoice: "auto",
  toolChoiceName: "",
  temperature: undefined,
  topP: undefined,
  maxOutputTokens: undefined,
  stop: [],
  seed: undefined,
  responseSchema: undefined,
  jsonObject: false,
  ...changes,
});

const tool = { name: "clock", description: "", parameters: undefined };
const three = new Catalogue([model("strong", 3), model("weak", 1), model("middle", 2), model("off", 0)]);

describe("auto", () => {
  it.each([
    ["weak", prompt("Hello"), 100, "short and simple"],
    ["middle", prompt("What time is it?", { tools: [tool] }), 100, "tools"],
    ["middle", prompt("Please analyse this"), 100, "hard work asked for"],
    ["middle", prompt("Hello"), 20_000, "long prompt"],
    ["strong", prompt("Explain it", { tools: [tool] }), 100, "tools, hard work asked for"],
    ["strong", prompt("Explain it", { tools: [tool] }), 20_000, "tools, long prompt, hard work asked for"],
    ["weak", prompt("What time is it?", { tools: [tool], toolChoice: "none" }), 100, "short and simple"],
  ])("takes the %s model and says why (%#)", (expected, asked, bytes, why) => {
    const chosen = route(three, asked, bytes);
    expect(chosen.entry.name).toBe(expected);
    expect(chosen.reason).toContain(`(${why})`);
  });

  it("passes over models that cannot do what is asked", () => {
    const catalogue = new Catalogue([
      model("plain", 1, { tools: false, json: false }),
      model("small", 2, { contextTokens: 1_000 }),
      model("large", 3),
    ]);
    expect(route(catalogue, prompt("x", { tools: [tool] }), 100).entry.name).toBe("small");
    expect(route(catalogue, prompt("x", { jsonObject: true }), 100).entry.name).toBe("small");
    expect(route(catalogue, prompt("x", { responseSchema: {} }), 6_000).entry.name).toBe("large");
  });

  it("takes the cheapest where several are strong enough, not the weakest", () => {
    const bargain = model("bargain", 3, { prices: { input: 0n, output: 0n, cachedInput: 0n } });
    expect(route(new Catalogue([model("weak", 1), bargain]), prompt("Hello"), 100).entry.name).toBe("bargain");
  });

  it("says what no model can do", () => {
    const plain = new Catalogue([model("plain", 1, { tools: false })]);
    expect(() => route(plain, prompt("x", { tools: [tool] }), 100)).toThrow("calls tools");
    expect(() => route(plain, prompt("x"), 100_000)).toThrow(expect.objectContaining({ reason: "PROMPT_TOO_LONG" }));
    expect(() => route(new Catalogue([]), prompt("x"), 1)).toThrow(
      expect.objectContaining({ reason: "MODEL_NOT_FOUND" }),
    );
  });
});
