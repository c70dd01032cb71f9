import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ToolFailure } from "../../tool-failure.ts";
import { evaluate } from "./evaluate.ts";
import { format } from "./rational.ts";

const calculate = (expression: string) => format(evaluate(expression));

describe("the calculator", () => {
  it.each([
    ["0.1 + 0.2", "0.3"],
    ["1.005 * 1000", "1005"],
    ["2 + 3 * 4", "14"],
    ["(2 + 3) * 4", "20"],
    ["2^3^2", "512"],
    ["-2^2", "-4"],
    ["2^-2", "0.25"],
    ["2 ** 10", "1024"],
    ["--3", "3"],
    ["7 % 3", "1"],
    ["-7 % 3", "-1"],
    ["5.5 % 2", "1.5"],
    ["12% of 80", "9.6"],
    ["100 + 12% of 80", "109.6"],
    ["1/3", "0.333333333333333"],
    ["2/3", "0.666666666666667"],
    ["1/3*3", "1"],
    ["1/8", "0.125"],
    ["10/4", "2.5"],
    ["123456789 * 987654321", "121932631112635269"],
    ["2^100", "1267650600228229401496703205376"],
    ["2^1000", "1.07150860718627e+301"],
    ["sqrt(16)", "4"],
    ["sqrt(2)", "1.4142135623731"],
    ["8^(1/3)", "2"],
    ["round(2.345, 2)", "2.35"],
    ["round(-2.5)", "-3"],
    ["round(1234, -2)", "1200"],
    ["floor(-1.5) + ceil(1.2)", "0"],
    ["min(3, 1, 2) + max(4, 9)", "10"],
    ["avg(1, 2, 3, 4)", "2.5"],
    ["sum(0.1, 0.2, 0.3)", "0.6"],
    ["abs(-3) × 2 ÷ 4 − 1", "0.5"],
    ["log(1000)", "3"],
    ["ln(e)", "1"],
    ["2 * PI", "6.28318530717958"],
    ["1e3 + 1.5e-1", "1000.15"],
    [".5 + 5.", "5.5"],
    ["1/3000000000", "3.33333333333333e-10"],
    ["(-1)^99999999999", "-1"],
    ["0^0", "1"],
    ["0^5 + (-1)^4", "1"],
    ["1/0.5^3", "8"],
    ["200000 * (0.05/12) * (1 + 0.05/12)^360 / ((1 + 0.05/12)^360 - 1)", "1073.64324602428"],
    ["10^300", "1e+300"],
    ["1/3^300", "7.30505658114782e-144"],
    ["2^1000 / 2^999", "2"],
    ["1e-300 * 1e290", "0.0000000001"],
    ["1000000 * 1.07^10", "1967151.35728956532249"],
  ])("answers %s with %s", (expression, answer) => {
    expect(calculate(expression)).toBe(answer);
  });

  it.each([
    ["", "The expression ends at position 1"],
    ["1 +", "The expression ends at position 4; expected a number"],
    ["1 + * 2", 'Unexpected "*" at position 5'],
    ["(1 + 2", 'The expression ends at position 7; expected ")"'],
    ["1 2", 'Unexpected "2" at position 3; expected an operator'],
    ["1 / 0", "Division by zero"],
    ["1 % 0", "Division by zero"],
    ["0^-1", "Division by zero"],
    ["80 * 12%", "12% of 80"],
    ["$5 + 1", 'Unexpected "$" at position 1'],
    ["1 + 😀", 'Unexpected "😀" at position 5'],
    ["process.exit()", 'Unexpected "." at position 8'],
    ["process", 'Unknown name "process" at position 1'],
    ["constructor", "Unknown name"],
    ["__proto__", "Unknown name"],
    ["sqrt", '"(" after sqrt'],
    ["sqrt()", "sqrt takes 1 value, not 0"],
    ["min()", "min takes 1 to 100 values, not 0"],
    ["round(1, 2, 3)", "round takes 1 to 2 values, not 3"],
    ["round(1, 0.5)", "decimals must be a whole number"],
    ["sqrt(-1)", "no real number"],
    ["(-8)^0.5", "no real number"],
    ["ln(0)", "above zero"],
    ["9^9^9", "too large"],
    ["10^5000", "too large"],
    ["exp(1e3)", "too large"],
    ["1e9999", "exponent"],
    ["2^-5000", "too small"],
    ["10^200 * 10^200", "too large"],
    ["1.5 > 1", 'Unexpected ">"'],
  ])("says what is wrong with %j", (expression, message) => {
    expect(() => calculate(expression)).toThrow(message);
  });

  it("refuses expressions that are nested too deeply, however they are", () => {
    for (const deep of ["(".repeat(400), "-".repeat(900), "2^".repeat(300), "abs(".repeat(200)]) {
      expect(() => calculate(`${deep}1`)).toThrow("nested deeper");
    }
  });

  it("answers or explains whatever is written", () => {
    const pieces = fc.constantFrom(..."1 0.5 9 + - * / % ^ ( ) , sqrt max pi of e 1e-300".split(" "), " ");
    const assembled = fc.array(pieces, { maxLength: 120 }).map((parts) => parts.join(""));
    const property = fc.property(fc.oneof(fc.string({ maxLength: 200 }), assembled), (text) => {
      try {
        expect(calculate(text)).toMatch(/^-?[\d.]+(e[+-]\d+)?$/);
      } catch (error) {
        expect(error).toBeInstanceOf(ToolFailure);
      }
    });
    fc.assert(property, { numRuns: 500 });
  });

  it("never works for long, whatever an expression of 1,000 characters asks for", () => {
    const long = ["*7/3*3/7", "+1-1", "%1+1", "*1.7/1.3", "+1/19", "^1.01"].map((piece) =>
      `(3^300/7^80)${piece.repeat(200)}`.slice(0, 1_000),
    );
    const before = process.cpuUsage();
    for (const expression of long) {
      try {
        calculate(expression.replace(/[^\d)]+$/, ""));
      } catch (error) {
        expect(error).toBeInstanceOf(ToolFailure);
      }
    }
    expect(process.cpuUsage(before).user / 1000).toBeLessThan(1_000);
  });

  it("agrees with floating point where that is exact", () => {
    const small = fc.integer({ min: -1000, max: 1000 });
    const property = fc.property(small, small, small, (a, b, c) => {
      expect(Number(calculate(`(${a} + ${b}) * ${c} - ${b}`))).toBe((a + b) * c - b + 0);
    });
    fc.assert(property, { numRuns: 200 });
  });
});
