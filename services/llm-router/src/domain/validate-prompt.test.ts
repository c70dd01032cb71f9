import { DomainError } from "@agentmesh/rpc/domain-error";
import { describe, expect, it } from "vitest";
import type { Attribution, ChatMessage, Prompt, Tool } from "./prompt.ts";
import { validatePrompt } from "./validate-prompt.ts";

const message = (role: ChatMessage["role"], changes: Partial<ChatMessage> = {}): ChatMessage => ({
  role,
  text: "text",
  toolCalls: [],
  toolCallId: "",
  ...changes,
});
const user = message("user");
const call = { id: "c1", name: "clock", argumentsJson: "{}" };
const calling = message("assistant", { text: "", toolCalls: [call, { ...call, id: "c2" }] });
const result = (toolCallId: string) => message("tool", { toolCallId });
const tool = (name: string, parameters?: Tool["parameters"]): Tool => ({ name, description: "", parameters });

const fine: Prompt = {
  model: "m",
  messages: [user],
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
};
const nobody: Attribution = { agentId: "", runId: "", stepKey: "", runLimit: undefined };

function fieldsOf(prompt: Partial<Prompt>, attribution: Partial<Attribution> = {}): string[] {
  try {
    validatePrompt({ ...fine, ...prompt }, { ...nobody, ...attribution });
    return [];
  } catch (error) {
    if (error instanceof DomainError) return (error.occurrence.fields ?? []).map(({ field }) => field);
    throw error;
  }
}

describe("a prompt", () => {
  it.each<[string, Partial<Prompt>]>([
    ["one message", {}],
    [
      "bounds reached",
      { temperature: 2, topP: 1, maxOutputTokens: 1, stop: ["a", "b", "c", "d"], seed: -(2n ** 53n) + 1n },
    ],
    ["instructions in the middle", { messages: [user, message("system"), user] }],
    ["answered tool calls", { messages: [user, calling, result("c2"), result("c1"), user] }],
    ["an empty tool result", { messages: [user, calling, { ...result("c1"), text: "" }, result("c2")] }],
    ["tools", { tools: [tool("a"), tool("b", { type: "object" })], toolChoice: "named", toolChoiceName: "b" }],
  ])("with %s is fine", (_, prompt) => {
    expect(fieldsOf(prompt)).toEqual([]);
  });

  it.each<[string, Partial<Prompt>]>([
    ["prompt.messages", { messages: [] }],
    ["prompt.messages", { messages: new Array(4097).fill(user) }],
    ["prompt.model", { model: "m".repeat(129) }],
    ["prompt.messages[0].role", { messages: [message("unknown")] }],
    ["prompt.messages[0].parts", { messages: [message("user", { text: undefined })] }],
    ["prompt.messages[0].parts", { messages: [message("user", { text: "" })] }],
    ["prompt.messages[1]", { messages: [user, message("assistant", { text: "" })] }],
    ["prompt.messages[0].tool_calls", { messages: [message("user", { toolCalls: [call] })] }],
    ["prompt.messages[0].tool_call_id", { messages: [message("user", { toolCallId: "c1" })] }],
    ["prompt.messages[1].tool_call_id", { messages: [user, message("tool")] }],
    ["prompt.messages[1].tool_call_id", { messages: [user, result("c1")] }],
    ["prompt.messages[4].tool_call_id", { messages: [user, calling, result("c1"), result("c2"), result("c1")] }],
    ["prompt.messages[1].tool_calls[1]", { messages: [user, calling, result("c1"), user] }],
    ["prompt.messages[1].tool_calls[0]", { messages: [user, calling] }],
    [
      "prompt.messages[1].tool_calls[1].id",
      { messages: [user, message("assistant", { toolCalls: [call, call] }), result("c1")] },
    ],
    ["prompt.tools", { tools: Array.from({ length: 129 }, (_, index) => tool(`t${index}`)) }],
    ["prompt.tools[0].name", { tools: [tool("not a name")] }],
    ["prompt.tools[1].name", { tools: [tool("a"), tool("a")] }],
    ["prompt.tools[0].parameters.type", { tools: [tool("a", { type: "array" })] }],
    ["prompt.tool_choice", { toolChoice: "unknown" }],
    ["prompt.tool_choice", { toolChoice: "required" }],
    ["prompt.tool_choice_name", { toolChoice: "named", toolChoiceName: "a" }],
    ["prompt.tool_choice_name", { toolChoiceName: "a" }],
    ["prompt.temperature", { temperature: 2.1 }],
    ["prompt.temperature", { temperature: Number.NaN }],
    ["prompt.top_p", { topP: 0 }],
    ["prompt.max_output_tokens", { maxOutputTokens: -5 }],
    ["prompt.max_output_tokens", { maxOutputTokens: 0 }],
    ["prompt.max_output_tokens", { maxOutputTokens: 1.5 }],
    ["prompt.stop", { stop: ["a", "b", "c", "d", "e"] }],
    ["prompt.stop[1]", { stop: ["a", ""] }],
    ["prompt.seed", { seed: 2n ** 53n }],
  ])("that is wrong names %s", (field, prompt) => {
    expect(fieldsOf(prompt)).toContain(field);
  });

  it.each<[string, Partial<Attribution>]>([
    ["attribution.agent_id", { agentId: "a".repeat(129) }],
    ["attribution.run_id", { runId: "r".repeat(65) }],
    ["attribution.step_key", { stepKey: "s".repeat(257) }],
    ["attribution.run_limit", { runLimit: 1n }],
    ["attribution.run_limit", { runId: "r", runLimit: -1n }],
  ])("on a wrong account names %s", (field, attribution) => {
    expect(fieldsOf({}, attribution)).toContain(field);
  });

  it("with very many faults is answered with some of them", () => {
    expect(fieldsOf({ messages: new Array(4000).fill(message("unknown")) })).toHaveLength(20);
  });
});
