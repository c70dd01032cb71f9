import { describe, expect, test } from "vitest";
import { parseChatRequest } from "../wire/parse-chat-request.ts";
import { playScript } from "./script.ts";

const fenced = (turns: unknown) =>
  `Do this:\n\`\`\`script\n${typeof turns === "string" ? turns : JSON.stringify(turns)}\n\`\`\`\nThanks`;
const play = (messages: object[]) => playScript(parseChatRequest({ model: "simulator-script", messages }));
const answered = (text: string) => ({ role: "assistant", content: text });

describe("a script", () => {
  test("is played turn by turn, counted by the assistant's messages after it", () => {
    const script = { role: "user", content: fenced([{ text: "one" }, { text: "two" }]) };
    expect(play([answered("before"), script]).text).toBe("one");
    expect(play([script, answered("one"), { role: "user", content: "go on" }]).text).toBe("two");
    expect(play([script, answered("one"), answered("two")]).text).toBe("The script has ended.");
  });

  test("repeats its last turn for ever where it says so", () => {
    const script = { role: "system", content: fenced([{ text: "x", repeat: true }]) };
    expect(play([script, ...Array.from({ length: 50 }, () => answered("x"))]).text).toBe("x");
  });

  test("sends tool calls as they are: duplicate ids, broken arguments, text beside them", () => {
    const calls = [
      { id: "same", name: "a", arguments: "{broken" },
      { id: "same", name: "b", arguments: { x: 1 } },
      { name: "c" },
    ];
    expect(
      play([{ role: "user", content: fenced([{ text: "thinking", tool_calls: calls, finish_reason: "stop" }]) }]),
    ).toEqual({
      text: "thinking",
      calls: [
        { id: "same", name: "a", arguments: "{broken" },
        { id: "same", name: "b", arguments: '{"x":1}' },
        { name: "c", arguments: "{}" },
      ],
      finishReason: "stop",
    });
  });

  test("in the last message that has one wins", () => {
    expect(
      play([
        { role: "system", content: fenced([{ text: "old" }]) },
        { role: "user", content: fenced([{ text: "new" }]) },
      ]).text,
    ).toBe("new");
  });

  test("that is missing or broken is refused, saying what is wrong", () => {
    const refused = (content: string) => expect(() => play([{ role: "user", content }]));
    refused("hello").toThrow(/needs a fenced/);
    refused(fenced("{")).toThrow(/must be a JSON array/);
    refused(fenced({ text: "x" })).toThrow(/must be a JSON array/);
    refused(fenced([7])).toThrow(/Turn 0 .* must be an object/);
    refused(fenced([{ tool_calls: [{}] }])).toThrow(/has no name/);
  });
});
