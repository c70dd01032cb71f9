import { ToolFailure } from "../../tool-failure.ts";
import { add, compare, divide, floor, fromFloat, negate, type Rational, rational, round, toFloat } from "./rational.ts";

/** A function of the calculator. */
export interface CalculatorFunction {
  readonly least: number;
  readonly most: number;
  apply(values: readonly Rational[]): Rational;
}

const manyValues = 100;
const mostDecimals = 100;

function ofOne(apply: (value: Rational) => Rational): CalculatorFunction {
  return { least: 1, most: 1, apply: ([value = rational(0n)]) => apply(value) };
}

function ofFloat(apply: (value: number) => number): CalculatorFunction {
  return ofOne((value) => fromFloat(apply(toFloat(value))));
}

function ofMany(apply: (values: readonly Rational[]) => Rational): CalculatorFunction {
  return { least: 1, most: manyValues, apply };
}

/** Functions by name. */
export const functions: ReadonlyMap<string, CalculatorFunction> = new Map<string, CalculatorFunction>([
  ["abs", ofOne((value) => (value.numerator < 0n ? negate(value) : value))],
  ["sqrt", ofOne(squareRoot)],
  ["cbrt", ofFloat(Math.cbrt)],
  ["round", { least: 1, most: 2, apply: ([value = rational(0n), places]) => round(value, decimalsOf(places)) }],
  ["floor", ofOne(floor)],
  ["ceil", ofOne((value) => negate(floor(negate(value))))],
  ["min", ofMany((values) => values.reduce((a, b) => (compare(b, a) < 0 ? b : a)))],
  ["max", ofMany((values) => values.reduce((a, b) => (compare(b, a) > 0 ? b : a)))],
  ["sum", ofMany((values) => values.reduce(add))],
  ["avg", ofMany((values) => divide(values.reduce(add), rational(BigInt(values.length))))],
  ["exp", ofFloat(Math.exp)],
  ["ln", ofOne((value) => fromFloat(Math.log(toFloat(positive(value)))))],
  ["log", ofOne((value) => fromFloat(Math.log10(toFloat(positive(value)))))],
  ["log2", ofOne((value) => fromFloat(Math.log2(toFloat(positive(value)))))],
  ["sin", ofFloat(Math.sin)],
  ["cos", ofFloat(Math.cos)],
  ["tan", ofFloat(Math.tan)],
]);

/** Constants by name, with 15 significant digits. */
export const constants: ReadonlyMap<string, Rational> = new Map([
  ["pi", fromFloat(Math.PI)],
  ["e", fromFloat(Math.E)],
]);

function decimalsOf(places: Rational | undefined): number {
  if (places === undefined) return 0;
  const decimals = toFloat(places);
  if (Number.isInteger(decimals) && Math.abs(decimals) <= mostDecimals) return decimals;
  throw new ToolFailure(
    `round(value, decimals): decimals must be a whole number between -${mostDecimals} and ${mostDecimals}.`,
  );
}

function squareRoot(value: Rational): Rational {
  if (value.numerator < 0n) throw new ToolFailure("The square root of a negative number is no real number.");
  return fromFloat(Math.sqrt(toFloat(value)));
}

function positive(value: Rational): Rational {
  if (value.numerator > 0n) return value;
  throw new ToolFailure("A logarithm needs a number above zero.");
}
