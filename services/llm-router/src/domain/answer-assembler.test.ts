import { describe, expect, it } from "vitest";
import { AnswerAssembler } from "./answer-assembler.ts";
import type { ProviderChunk } from "./ports.ts";

const usage = { inputTokens: 9, outputTokens: 0, cachedInputTokens: 0, reasoningTokens: 0, estimated: false };
const chunk = (change: Partial<ProviderChunk>): ProviderChunk => ({
  text: "",
  tools: [],
  finishReason: undefined,
  usage: undefined,
  model: "",
  ...change,
});

describe("the usage of an answer", () => {
  it("is not what a provider reported before it wrote anything", () => {
    const assembler = new AnswerAssembler();
    assembler.add(chunk({ usage }));
    expect(assembler.usage).toEqual(usage);
    assembler.add(chunk({ text: "much to pay for" }));
    expect(assembler.usage).toBeUndefined();
    assembler.add(chunk({ finishReason: "stop", usage: { ...usage, outputTokens: 4 } }));
    expect(assembler.usage).toMatchObject({ outputTokens: 4 });
  });
});
