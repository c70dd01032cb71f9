import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { evaluate, findExpression } from "./arithmetic.ts";

describe("findExpression", () => {
  test.each([
    ["what is 17 * 23?", "17 * 23"],
    ["What's 12% of 80?", "12 / 100 * 80"],
    ["compute (3+4)*5 please", "(3+4)*5"],
    ["how much is 2 plus 3 times 4", "2 + 3 * 4"],
    ["What is 1,200 divided by 4?", "1200 / 4"],
    ["the square root of 144?", "sqrt(144)"],
    ["2 to the power of 10", "2 ^ 10"],
    ["what is 7 x 6", "7 * 6"],
    ["-3 + 5", "-3 + 5"],
    ["First 1+1, then 2 * (3 + 4)", "2 * (3 + 4)"],
    ["9 squared", "9 ^ 2"],
  ])("%s -> %s", (text, expression) => {
    expect(findExpression(text)).toBe(expression);
  });

  test.each([
    "On 2024-05-01 at 10:30",
    "call 555-123-4567",
    "version 1.2.3",
    "chapter 5",
    "I have 3 cats and 2 dogs",
    "go over the hill",
    "7 days",
    "due 3/4/2025",
  ])("finds no sum in: %s", (text) => {
    expect(findExpression(text)).toBeUndefined();
  });

  test.each([
    ["add 5 to that", "391 + 5"],
    ["now divide it by 2", "391 / 2"],
    ["multiply that by 3", "391 * 3"],
    ["subtract 1 from the result", "391 - 1"],
  ])("goes on from the previous answer: %s -> %s", (text, expression) => {
    expect(findExpression(text, "17 * 23 = 391")).toBe(expression);
    expect(findExpression(text)).toBeUndefined();
  });
});

describe("evaluate", () => {
  test("agrees with JavaScript on what JavaScript can compute", () => {
    const number = fc.integer({ min: 0, max: 999 }).map(String);
    const { sum } = fc.letrec<{ sum: string }>((tie) => ({
      sum: fc.oneof(
        { maxDepth: 4 },
        number,
        fc
          .tuple(tie("sum"), fc.constantFrom("+", "-", "*", "/", "%"), tie("sum"))
          .map(([a, sign, b]) => `(${a} ${sign} ${b})`),
        fc
          .tuple(number, fc.constantFrom("+", "-", "*"), number, fc.constantFrom("+", "-", "*", "/"), number)
          .map((parts) => parts.join(" ")),
      ),
    }));
    fc.assert(
      fc.property(sum, (text) => {
        const expected: number = Function(`return ${text}`)();
        // Answers are given with twelve significant digits.
        const tolerance = Math.max(1e-6, Math.abs(expected) * 1e-11);
        if (Number.isFinite(expected))
          expect(Math.abs((evaluate(text) ?? Number.NaN) - expected)).toBeLessThan(tolerance);
        else expect(evaluate(text)).toBeUndefined();
      }),
      { numRuns: 300 },
    );
  });

  test("gives nothing for what is no expression, however hostile", () => {
    for (const text of [
      "",
      "1 +",
      "(1",
      "1)",
      "a + 1",
      "1 / 0",
      `${"(".repeat(200)}1${")".repeat(200)}`,
      "process.exit()",
      "1 2",
    ]) {
      expect(evaluate(text)).toBeUndefined();
    }
  });
});
