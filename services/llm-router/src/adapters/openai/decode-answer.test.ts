import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ProviderFailure } from "../../domain/provider-failure.ts";
import { decodeAnswer, usageOf } from "./decode-answer.ts";
import { decodeVectors } from "./decode-vectors.ts";
import { retryAfterOf } from "./status-failure.ts";

const answer = (message: unknown, finish_reason: unknown = "stop") =>
  decodeAnswer(JSON.stringify({ model: "m", choices: [{ index: 0, message, finish_reason }] }), "message");

describe("an answer of a provider", () => {
  it("may hold its text as a string, in parts, or as a refusal", () => {
    expect(answer({ content: "a" }).text).toBe("a");
    expect(answer({ content: [{ type: "text", text: "a" }, { type: "other" }, { text: "b" }] }).text).toBe("ab");
    expect(answer({ content: null, refusal: "No." }).text).toBe("No.");
  });

  it("may hold arguments of tools as an object in place of its text", () => {
    const tool_calls = [{ id: "a", function: { name: "x", arguments: { a: 1 } } }, { function: { name: "y" } }];
    expect(answer({ content: null, tool_calls }, "tool_calls").tools).toEqual([
      { index: 0, id: "a", name: "x", argumentsDelta: '{"a":1}' },
      { index: 1, id: "", name: "y", argumentsDelta: "" },
    ]);
  });

  it.each([
    ["eos", "stop"],
    ["max_tokens", "length"],
    ["function_call", "tool_calls"],
    ["content_filter", "content_filter"],
  ])("that says %s ended by %s", (said, meant) => {
    expect(answer({ content: "a" }, said).finishReason).toBe(meant);
  });

  it.each(["abort", "error", "insufficient_system_resource", "constructor", 7])(
    "that ended by %j is not taken for a whole one",
    (said) => {
      expect(() => answer({ content: "a" }, said)).toThrow(expect.objectContaining({ kind: "protocol" }));
    },
  );

  it.each(["", "null", "[]", "7", '"text"', "{", '{"a":}', "<html>"])("that is %j is a protocol failure", (json) => {
    expect(() => decodeAnswer(json, "message")).toThrow(expect.objectContaining({ kind: "protocol" }));
  });

  it("that is an error is a failure without the provider's words", () => {
    const json = JSON.stringify({ error: { message: "key sk-123 at 10.0.0.1", code: 429 } });
    expect(() => decodeAnswer(json, "delta")).toThrow(expect.objectContaining({ kind: "rate_limited", status: 429 }));
    expect(() => decodeAnswer(json, "delta")).not.toThrow(/sk-123|10\.0/);
    expect(() => decodeAnswer('{"error":"oops"}', "delta")).toThrow(expect.objectContaining({ kind: "unavailable" }));
  });

  it("of any JSON is read or refused, and nothing else", () => {
    const choice = fc.record({ index: fc.anything(), message: fc.anything(), finish_reason: fc.anything() });
    const shaped = fc.record({
      model: fc.anything(),
      usage: fc.anything(),
      error: fc.anything(),
      choices: fc.array(choice),
    });
    fc.assert(
      fc.property(fc.oneof(fc.jsonValue(), shaped), (value) => {
        let json: string;
        try {
          json = JSON.stringify(value) ?? "";
        } catch {
          return; // Values that have no JSON are not what a provider can send.
        }
        try {
          const chunk = decodeAnswer(json, "message");
          expect(typeof chunk.text).toBe("string");
        } catch (error) {
          expect(error).toBeInstanceOf(ProviderFailure);
        }
      }),
    );
  });
});

describe("usage", () => {
  it("is read with its parts", () => {
    const usage = {
      prompt_tokens: 10,
      completion_tokens: 5,
      prompt_tokens_details: { cached_tokens: 4 },
      completion_tokens_details: { reasoning_tokens: 2 },
    };
    expect(usageOf(usage)).toEqual({
      inputTokens: 10,
      outputTokens: 5,
      cachedInputTokens: 4,
      reasoningTokens: 2,
      estimated: false,
    });
  });

  it.each([
    undefined,
    null,
    {},
    { prompt_tokens: 0, completion_tokens: 3 },
    { prompt_tokens: -1 },
    { prompt_tokens: 1.5 },
    { prompt_tokens: 1e12 },
    { prompt_tokens: "10", completion_tokens: 3 },
    { prompt_tokens: 10 },
    { prompt_tokens: 10, completion_tokens: null },
    { prompt_tokens: 10, completion_tokens: -3 },
    { prompt_tokens: 10, completion_tokens: 1e12 },
  ])("that makes no sense (%j) is none", (usage) => {
    expect(usageOf(usage)).toBeUndefined();
  });

  it("of vectors counts the input only", () => {
    expect(usageOf({ prompt_tokens: 10, total_tokens: 10 }, false)).toMatchObject({ inputTokens: 10, outputTokens: 0 });
    expect(usageOf({ prompt_tokens: 10, completion_tokens: -1 }, false)).toBeUndefined();
  });

  it("never has parts that are larger than the whole", () => {
    const usage = usageOf({ prompt_tokens: 3, completion_tokens: 2, prompt_tokens_details: { cached_tokens: 9 } });
    expect(usage?.cachedInputTokens).toBe(3);
  });
});

describe("vectors", () => {
  it("are put in the order of the inputs", () => {
    const data = [
      { index: 1, embedding: [0, 1] },
      { index: 0, embedding: [1, 0] },
    ];
    expect(decodeVectors(JSON.stringify({ data, model: "e" })).vectors).toEqual([
      [1, 0],
      [0, 1],
    ]);
  });

  it.each([
    [[]],
    [[{ index: 0, embedding: [] }]],
    [[{ index: 0, embedding: ["1"] }]],
    [[{ index: 5, embedding: [1] }]],
    [[null]],
    [
      [
        { index: 0, embedding: [1] },
        { index: 0, embedding: [2] },
      ],
    ],
  ])("that are not complete (%j) are refused", (data) => {
    expect(() => decodeVectors(JSON.stringify({ data }))).toThrow(expect.objectContaining({ kind: "protocol" }));
  });
});

describe("Retry-After", () => {
  it.each([
    [{ "retry-after": "2" }, 2_000],
    [{ "retry-after": "0.5" }, 500],
    [{ "retry-after": "1", "retry-after-ms": "250" }, 250],
    [{ "retry-after": "Thu, 01 Jan 1970 00:00:10 GMT" }, 9_000],
    [{ "retry-after": "Thu, 01 Jan 1970 00:00:00 GMT" }, 0],
    [{ "retry-after": "soon" }, undefined],
    [{ "retry-after": "-5" }, undefined],
    [{}, undefined],
  ])("%j is %s ms", (headers, expected) => {
    expect(retryAfterOf(headers, 1_000)).toBe(expected);
  });
});
