import type { Tool } from "../../tool.ts";
import { evaluate } from "./evaluate.ts";
import { format } from "./rational.ts";

const description =
  "Calculates an arithmetic expression exactly. Use it for every calculation instead of doing it yourself. " +
  "Operators: + - * / ^ (power) % (remainder), brackets, and percentages as in 12% of 80. " +
  "Functions: sqrt, cbrt, abs, round(x, decimals), floor, ceil, min, max, sum, avg, exp, ln, log (base 10), log2, " +
  "sin, cos, tan (radians). Constants: pi, e. Numbers without units or thousands separators.";

/** Arithmetic, by a parser of its own: nothing of an expression is ever run as code. */
export const calculator: Tool = {
  name: "calculator",
  description,
  parameters: {
    type: "object",
    properties: {
      expression: {
        type: "string",
        minLength: 1,
        maxLength: 1_000,
        description: 'The expression, for example "(12.5 + 7.5) * 3"',
      },
    },
    required: ["expression"],
    additionalProperties: false,
  },
  idempotent: true,
  requiredScope: "",
  timeoutMs: 1_000,
  execute: ({ arguments: { expression } }) => format(evaluate(String(expression))),
};
