import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ToolCallDelta } from "./generation.ts";
import type { RawToolDelta } from "./ports.ts";
import { ToolCalls } from "./tool-calls.ts";

const raw = (changes: Partial<RawToolDelta>): RawToolDelta => ({
  index: 0,
  id: "",
  name: "",
  argumentsDelta: "",
  ...changes,
});

function assemble(pieces: readonly RawToolDelta[]) {
  const calls = new ToolCalls();
  const deltas: ToolCallDelta[] = [];
  for (const piece of pieces) {
    const delta = calls.add(piece);
    if (delta !== undefined) deltas.push(delta);
  }
  return { whole: calls.finish((delta) => deltas.push(delta)), deltas };
}

const whole = (pieces: readonly RawToolDelta[]) =>
  assemble(pieces).whole?.map(({ id, name, argumentsJson }) => [id, name, argumentsJson]);

describe("tool calls", () => {
  it("are put together from their pieces", () => {
    const pieces = [
      raw({ id: "a", name: "clock" }),
      raw({ argumentsDelta: '{"zone":' }),
      raw({ index: 1, id: "b", name: "calculator", argumentsDelta: "{}" }),
      raw({ argumentsDelta: '"UTC"}' }),
    ];
    expect(whole(pieces)).toEqual([
      ["a", "clock", '{"zone":"UTC"}'],
      ["b", "calculator", "{}"],
    ]);
  });

  it("get ids when they have none, and other ids when theirs repeat", () => {
    const calls = [
      raw({ index: 0, name: "x" }),
      raw({ index: 1, id: "same", name: "x" }),
      raw({ index: 2, id: "same", name: "x" }),
    ];
    expect(whole(calls)?.map(([id]) => id)).toEqual(["call_0", "same", "same_2"]);
  });

  it("are told apart by their ids when all carry index 0 or none", () => {
    for (const index of [0, undefined]) {
      const pieces = [
        raw({ index, id: "a", name: "x", argumentsDelta: "{" }),
        raw({ index, argumentsDelta: "}" }),
        raw({ index, id: "b", name: "y" }),
      ];
      expect(whole(pieces)).toEqual([
        ["a", "x", "{}"],
        ["b", "y", "{}"],
      ]);
    }
  });

  it("are announced once their name is known, with the arguments that came before it", () => {
    const { deltas } = assemble([
      raw({ id: "a", argumentsDelta: '{"a"' }),
      raw({ name: "x" }),
      raw({ argumentsDelta: ":1}" }),
    ]);
    expect(deltas).toEqual([
      { index: 0, id: "a", name: "x", argumentsDelta: '{"a"' },
      { index: 0, id: "", name: "", argumentsDelta: ":1}" },
    ]);
  });

  it("without a name are none", () => {
    expect(assemble([raw({ id: "a", argumentsDelta: "{}" })]).whole).toBeUndefined();
  });

  it("say in deltas exactly what they say in the end, whatever a provider sends", () => {
    const piece = fc.record({
      index: fc.option(fc.nat(3), { nil: undefined }),
      id: fc.constantFrom("", "a", "b", "call_1"),
      name: fc.constantFrom("", "x", "y"),
      argumentsDelta: fc.constantFrom("", " ", "{", "}"),
    });
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 20 }), (pieces) => {
        const { whole: calls, deltas } = assemble(pieces);
        if (calls === undefined) return;
        expect(new Set(calls.map(({ id }) => id)).size).toBe(calls.length);
        calls.forEach((call, index) => {
          const own = deltas.filter((delta) => delta.index === index);
          expect(own.map(({ argumentsDelta }) => argumentsDelta).join("")).toBe(call.argumentsJson);
          expect(own[0]).toMatchObject({ id: call.id, name: call.name });
          expect(own.slice(1).every(({ id, name }) => id === "" && name === "")).toBe(true);
        });
      }),
    );
  });
});
