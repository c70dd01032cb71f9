import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { maxArgumentsBytes, parseArguments } from "./arguments.ts";
import { ToolFailure } from "./tool-failure.ts";

describe("arguments of a model", () => {
  it("are an object; nothing at all is an empty one", () => {
    expect(parseArguments('{"a":[1,{"b":null}]}')).toEqual({ a: [1, { b: null }] });
    expect([parseArguments(""), parseArguments(" \n")]).toEqual([{}, {}]);
  });

  it.each([
    ["{", "not valid JSON at position 1"],
    ['{"a":1} and more', "not valid JSON at position 8"],
    ["{a:1}", "not valid JSON"],
    ["[1]", "not a list"],
    ["null", "not null"],
    ['"text"', "not a string"],
    ['{"__proto__":{"x":1}}', "__proto__"],
    ['{"a":[{"\\u005f_proto__":1}]}', "__proto__"],
    [`{"a":${"[".repeat(40)}${"]".repeat(40)}}`, "deeper than 32"],
    [`{"a":${"[".repeat(100_000)}${"]".repeat(100_000)}}`, "deeper than 32"],
    [`{"a":"${"x".repeat(maxArgumentsBytes)}"}`, "longer than 256 KiB"],
    [`{"a":"${"ü".repeat(maxArgumentsBytes / 2)}"}`, "longer than 256 KiB"],
  ])("are refused with a reason: %.30s", (text, message) => {
    expect(() => parseArguments(text)).toThrow(message);
  });

  it("are never quoted back when they are not JSON", () => {
    expect(() => parseArguments("password=hunter2")).not.toThrow("hunter2");
  });

  it("are either read as JSON reads them or refused in words for the model", () => {
    const property = fc.property(fc.oneof(fc.json(), fc.string()), (text) => {
      try {
        expect(parseArguments(text)).toEqual(text.trim() === "" ? {} : JSON.parse(text));
      } catch (error) {
        expect(error).toBeInstanceOf(ToolFailure);
      }
    });
    fc.assert(property, { numRuns: 500 });
  });
});
