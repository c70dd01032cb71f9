import { expect, it } from "vitest";
import { describeMesh } from "./harness/describe-mesh.ts";
import { answerIn, eventsOf, toolCallsIn } from "./harness/runs.ts";
import { calculate, script, type Turn } from "./harness/scripts.ts";

describeMesh("a model's bad manners", {}, (mesh) => {
  const scripted = async (...turns: readonly Turn[]) => {
    const { agents } = await mesh().person();
    return eventsOf(agents.streamRun({ run: { agentId: "scripted", input: script(...turns) } }));
  };

  it.each([
    ["arguments that are no JSON", "{broken"],
    ["arguments of the wrong type", '{"expression": 5}'],
    ["arguments that the tool does not know", '{"formula": "1 + 1"}'],
    ["an expression that has no value", '{"expression": "1 / 0"}'],
    ["arguments that are no object", "[1]"],
  ])("%s are fed back to it, and the run goes on", async (_what, bad) => {
    const events = await scripted({ tool_calls: [{ name: "calculator", arguments: bad }] }, calculate("2 + 2"), {
      text: "It is 4.",
    });
    expect(answerIn(events)).toBe("It is 4.");
    const [first, second] = toolCallsIn(events);
    expect(first).toMatchObject({ isError: true, errorReason: expect.stringMatching(/^[A-Z_]+$/) });
    expect(first?.content).not.toBe("");
    expect(second).toMatchObject({ isError: false });
  });

  it("a tool that does not exist is answered with those that do", async () => {
    const events = await scripted({ tool_calls: [{ name: "rm_rf", arguments: "{}" }] }, { text: "Then not." });
    expect(answerIn(events)).toBe("Then not.");
    expect(toolCallsIn(events).every(({ isError }) => isError)).toBe(true);
  });

  it("the same id on two calls costs neither of them its result", async () => {
    const calls = ["1 + 1", "2 + 2"].map((expression) => ({
      id: "same",
      name: "calculator",
      arguments: { expression },
    }));
    const events = await scripted({ tool_calls: calls }, { text: "Done." });
    expect(answerIn(events)).toBe("Done.");
    const called = toolCallsIn(events);
    expect(called.map(({ content }) => content)).toEqual([expect.stringContaining("2"), expect.stringContaining("4")]);
    expect(new Set(called.map(({ call }) => call?.id)).size).toBe(2);
    expect(new Set(called.map(({ stepKey }) => stepKey)).size).toBe(2);
  });

  it("calling tools for ever ends at the limit of turns, and says so", async () => {
    const { agents } = await mesh().person();
    const turns = Array.from({ length: 6 }, (_, turn) => calculate(`${turn} + 1`));
    const events = await eventsOf(agents.streamRun({ run: { agentId: "short", input: script(...turns) } }));
    expect(events.at(-1)?.event).toMatchObject({ case: "failed", value: { error: { reason: "ITERATION_LIMIT" } } });
    expect(toolCallsIn(events)).toHaveLength(3);
  });

  it("silence and nothing but silence ends as an answer that cannot be used", async () => {
    const events = await scripted({ text: "", repeat: true });
    expect(events.at(-1)?.event).toMatchObject({
      case: "failed",
      value: { error: { reason: "INVALID_MODEL_ANSWER" } },
    });
  });

  it("an answer that its token limit cut is no success", async () => {
    const events = await scripted({ text: "This is only the beg", finish_reason: "length" });
    expect(events.at(-1)?.event).toMatchObject({ case: "failed", value: { error: { reason: "ANSWER_TRUNCATED" } } });
  });
});
