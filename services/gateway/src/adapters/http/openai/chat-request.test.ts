import { ToolChoice } from "@agentmesh/contracts/llm_router/v1/model";
import { Provenance, Role } from "@agentmesh/contracts/type/v1/types";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readChat } from "./chat-request.ts";
import { readEmbeddings } from "./embeddings.ts";
import type { Fields } from "./json-fields.ts";
import { HttpProblem } from "./problem.ts";

const hello = { model: "small", messages: [{ role: "user", content: "hello" }] };
const tool = { type: "function", function: { name: "add", parameters: { type: "object" } } };

function problemOf(read: () => unknown): HttpProblem {
  try {
    read();
  } catch (error) {
    if (error instanceof HttpProblem) return error;
    throw error;
  }
  throw new Error("nothing was refused");
}

describe("a chat completion", () => {
  it("becomes a prompt", () => {
    const { prompt, stream, includeUsage } = readChat({
      ...hello,
      temperature: 0.5,
      top_p: 0.9,
      max_tokens: 10,
      stop: ["a", "b"],
      seed: 7,
      tools: [tool],
      tool_choice: { type: "function", function: { name: "add" } },
      stream: true,
      stream_options: { include_usage: true },
    });
    expect(prompt).toMatchObject({
      model: "small",
      temperature: 0.5,
      topP: 0.9,
      maxOutputTokens: 10,
      stop: ["a", "b"],
      seed: 7n,
    });
    expect(prompt).toMatchObject({ toolChoice: ToolChoice.NAMED, toolChoiceName: "add" });
    expect(prompt.tools[0]).toMatchObject({ name: "add", parameters: { type: "object" } });
    expect([stream, includeUsage]).toEqual([true, true]);
  });

  it("marks where every message comes from", () => {
    const { prompt } = readChat({
      model: "small",
      messages: [
        { role: "developer", content: "be brief" },
        {
          role: "user",
          content: [
            { type: "text", text: "a" },
            { type: "text", text: "b" },
          ],
        },
        {
          role: "assistant",
          content: null,
          tool_calls: [{ id: "c1", type: "function", function: { name: "add", arguments: "{}" } }],
        },
        { role: "tool", tool_call_id: "c1", content: "3" },
      ],
    });
    expect(prompt.messages.map(({ role }) => role)).toEqual([Role.SYSTEM, Role.USER, Role.ASSISTANT, Role.TOOL]);
    expect(prompt.messages[0]!.parts[0]!.provenance).toBe(Provenance.OPERATOR);
    expect(prompt.messages[1]!.parts.map(({ content }) => content.value)).toEqual(["a", "b"]);
    expect(prompt.messages[2]!.toolCalls[0]).toMatchObject({ id: "c1", name: "add", argumentsJson: "{}" });
    expect(prompt.messages[3]).toMatchObject({ toolCallId: "c1" });
    expect(prompt.messages[3]!.parts[0]!.provenance).toBe(Provenance.UNTRUSTED);
  });

  it("has schemas of reasonable depth", () => {
    const nested = (levels: number): Fields => JSON.parse(`${'{"a":'.repeat(levels)}1${"}".repeat(levels)}`);
    const asking = (parameters: Fields) => ({
      ...hello,
      tools: [{ type: "function", function: { name: "f", parameters } }],
    });
    expect(readChat(asking(nested(64))).prompt.tools).toHaveLength(1);
    expect(problemOf(() => readChat(asking(nested(65)))).details).toMatchObject({
      status: 400,
      param: "tools[0].function.parameters",
    });
    const format = { type: "json_schema", json_schema: { schema: nested(100_000) } };
    expect(problemOf(() => readChat({ ...hello, response_format: format })).details.status).toBe(400);
  });

  it("prefers max_completion_tokens to its old name", () => {
    expect(readChat({ ...hello, max_tokens: 5, max_completion_tokens: 9 }).prompt.maxOutputTokens).toBe(9);
  });

  it("reads the three kinds of response_format", () => {
    const format = (response_format: unknown) => readChat({ ...hello, response_format }).prompt;
    expect(format({ type: "text" }).jsonObject).toBe(false);
    expect(format({ type: "json_object" }).jsonObject).toBe(true);
    const schema = { type: "object", properties: { a: { type: "number" } } };
    expect(format({ type: "json_schema", json_schema: { name: "x", schema } })).toMatchObject({
      jsonObject: true,
      responseSchema: schema,
    });
  });

  it("lets pass what changes nothing", () => {
    const body = {
      ...hello,
      n: 1,
      user: "u",
      store: false,
      logprobs: false,
      presence_penalty: 0,
      temperature: null,
      metadata: { a: "b" },
    };
    expect(() => readChat(body)).not.toThrow();
  });

  it.each<[string | null, Fields]>([
    ["model", { messages: hello.messages }],
    ["model", { ...hello, model: 7 }],
    ["model", { ...hello, model: "x".repeat(129) }],
    ["messages", { model: "small" }],
    ["messages", { ...hello, messages: [] }],
    ["messages", { ...hello, messages: "hello" }],
    ["messages[0]", { ...hello, messages: ["hello"] }],
    ["messages[0].role", { ...hello, messages: [{ role: "robot", content: "x" }] }],
    ["messages[0].role", { ...hello, messages: [{ role: "function", content: "x" }] }],
    ["messages[0].content", { ...hello, messages: [{ role: "user" }] }],
    ["messages[0].content", { ...hello, messages: [{ role: "user", content: 7 }] }],
    ["messages[0].content", { ...hello, messages: [{ role: "user", content: "half \ud800" }] }],
    [
      "messages[0].content[1].type",
      {
        ...hello,
        messages: [
          {
            role: "user",
            content: [
              { type: "text", text: "x" },
              { type: "image_url", image_url: { url: "http://x" } },
            ],
          },
        ],
      },
    ],
    ["messages[0].content", { ...hello, messages: [{ role: "assistant", content: null }] }],
    ["messages[0].tool_call_id", { ...hello, messages: [{ role: "tool", content: "x" }] }],
    [
      "messages[0].tool_calls[0].function.arguments",
      {
        ...hello,
        messages: [{ role: "assistant", tool_calls: [{ id: "1", type: "function", function: { name: "f" } }] }],
      },
    ],
    ["tools[0].type", { ...hello, tools: [{ type: "web_search" }] }],
    ["tools[0].function.name", { ...hello, tools: [{ type: "function", function: { name: "no spaces" } }] }],
    [
      "tools[0].function.parameters",
      { ...hello, tools: [{ type: "function", function: { name: "f", parameters: [] } }] },
    ],
    ["tools", { ...hello, tools: Array.from({ length: 129 }, () => tool) }],
    ["tool_choice", { ...hello, tool_choice: "maybe" }],
    [
      "tool_choice.function.name",
      { ...hello, tools: [tool], tool_choice: { type: "function", function: { name: "other" } } },
    ],
    ["response_format.type", { ...hello, response_format: { type: "xml" } }],
    [
      "response_format.json_schema.schema",
      { ...hello, response_format: { type: "json_schema", json_schema: { name: "x" } } },
    ],
    ["temperature", { ...hello, temperature: 2.1 }],
    ["temperature", { ...hello, temperature: "1" }],
    ["top_p", { ...hello, top_p: 0 }],
    ["max_tokens", { ...hello, max_tokens: 0 }],
    ["max_tokens", { ...hello, max_tokens: 1.5 }],
    ["max_completion_tokens", { ...hello, max_completion_tokens: -5 }],
    ["max_tokens", { ...hello, max_tokens: 1e12 }],
    ["seed", { ...hello, seed: 2 ** 60 }],
    ["stop", { ...hello, stop: ["a", "b", "c", "d", "e"] }],
    ["stop", { ...hello, stop: "" }],
    ["stop[1]", { ...hello, stop: ["a", 1] }],
    ["stream", { ...hello, stream: "yes" }],
    ["stream_options", { ...hello, stream_options: { include_usage: true } }],
    ["n", { ...hello, n: 2 }],
    ["logprobs", { ...hello, logprobs: true }],
    ["parallel_tool_calls", { ...hello, parallel_tool_calls: false }],
    ["top_k", { ...hello, top_k: 5 }],
    ["metadata.session_id", { ...hello, metadata: { session_id: 7 } }],
  ])("names what is wrong: %s", (param, body) => {
    const { details } = problemOf(() => readChat(body));
    expect(details).toMatchObject({ status: 400, type: "invalid_request_error", param });
  });

  it("never fails otherwise than with a 400, whatever the JSON", () => {
    fc.assert(
      fc.property(
        fc.dictionary(
          fc.constantFrom(
            "model",
            "messages",
            "tools",
            "tool_choice",
            "stop",
            "stream",
            "n",
            "metadata",
            "response_format",
          ),
          fc.jsonValue(),
        ),
        (body) => {
          try {
            readChat({ model: "small", messages: [{ role: "user", content: "x" }], ...body });
          } catch (error) {
            expect(error).toBeInstanceOf(HttpProblem);
            expect((error as HttpProblem).details.status).toBe(400);
          }
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe("a request for embeddings", () => {
  it("takes one text or many", () => {
    expect(readEmbeddings({ model: "auto", input: "a" })).toEqual({ model: "", inputs: ["a"], base64: false });
    expect(readEmbeddings({ model: "lexical", input: ["a", "b"], encoding_format: "base64" })).toEqual({
      model: "lexical",
      inputs: ["a", "b"],
      base64: true,
    });
  });

  it.each<[string, Fields]>([
    ["model", { input: "a" }],
    ["input", { model: "lexical" }],
    ["input", { model: "lexical", input: [] }],
    ["input", { model: "lexical", input: "" }],
    ["input", { model: "lexical", input: [1, 2, 3] }],
    ["input[1]", { model: "lexical", input: ["a", null] }],
    ["input", { model: "lexical", input: Array.from({ length: 257 }, () => "a") }],
    ["encoding_format", { model: "lexical", input: "a", encoding_format: "int8" }],
    ["dimensions", { model: "lexical", input: "a", dimensions: 3 }],
  ])("names what is wrong: %s", (param, body) => {
    expect(problemOf(() => readEmbeddings(body)).details).toMatchObject({ status: 400, param });
  });
});
