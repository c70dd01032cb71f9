/**
 * Exact fractions of big integers: 0.1 + 0.2 is 0.3, 1 / 3 * 3 is 1, and large integers keep all their digits.
 * The size is bounded, so that no expression costs more than microseconds.
 */
import { ToolFailure } from "../../tool-failure.ts";

/** numerator / denominator in lowest terms; the denominator is positive. */
export interface Rational {
  readonly numerator: bigint;
  readonly denominator: bigint;
}

/** Numbers beyond 2^4096 (about 1,200 digits) are refused. */
const largest = 1n << 4096n;
/** Digits of a result that has no exact decimal form, and of functions such as sqrt. */
const significantDigits = 15;
/** Integers up to this many digits are written in full, longer ones as 1.5e+60. */
const mostIntegerDigits = 60;
/** Decimals are written exactly when they end within this many places. */
const mostExactDecimals = 30;

/** @throws ToolFailure when the number is too large, or the denominator is 0 */
export function rational(numerator: bigint, denominator = 1n): Rational {
  if (denominator === 0n) throw new ToolFailure("Division by zero.");
  if (denominator === 1n) return checked(numerator, 1n);
  const divisor = greatestCommonDivisor(numerator, denominator);
  const sign = denominator < 0n ? -divisor : divisor;
  return checked(numerator / sign, denominator / sign);
}

function checked(numerator: bigint, denominator: bigint): Rational {
  if (numerator > largest || numerator < -largest || denominator > largest) {
    throw new ToolFailure("A number became too large (more than about 1,200 digits).");
  }
  return { numerator, denominator };
}

function greatestCommonDivisor(a: bigint, b: bigint): bigint {
  let [x, y] = [a < 0n ? -a : a, b < 0n ? -b : b];
  while (y !== 0n) [x, y] = [y, x % y];
  return x;
}

/** "12", "0.5", "1.5e-3", as the tokenizer found it. */
export function fromText(text: string): Rational {
  const [digits = "", exponentText = "0"] = text.toLowerCase().split("e");
  const [whole = "", decimals = ""] = digits.split(".");
  const exponent = Number(exponentText) - decimals.length;
  if (Math.abs(exponent) > 1_000) throw new ToolFailure("An exponent must be between -1000 and 1000.");
  const mantissa = BigInt(whole + decimals);
  return exponent < 0 ? rational(mantissa, 10n ** BigInt(-exponent)) : rational(mantissa * 10n ** BigInt(exponent));
}

/** The number with 15 significant digits. */
export function fromFloat(value: number): Rational {
  if (Number.isNaN(value)) throw new ToolFailure("The result is no real number.");
  if (!Number.isFinite(value)) throw new ToolFailure("A number became too large.");
  const negative = value < 0;
  const magnitude = fromText(Math.abs(value).toPrecision(significantDigits));
  return negative ? negate(magnitude) : magnitude;
}

/** The nearest floating-point number. */
export function toFloat({ numerator, denominator }: Rational): number {
  const direct = Number(numerator) / Number(denominator);
  return Number.isFinite(direct) ? direct : Number(numerator / denominator);
}

export function add(a: Rational, b: Rational): Rational {
  return rational(a.numerator * b.denominator + b.numerator * a.denominator, a.denominator * b.denominator);
}

export function subtract(a: Rational, b: Rational): Rational {
  return add(a, negate(b));
}

export function multiply(a: Rational, b: Rational): Rational {
  return rational(a.numerator * b.numerator, a.denominator * b.denominator);
}

/** @throws ToolFailure for a division by zero */
export function divide(a: Rational, b: Rational): Rational {
  return rational(a.numerator * b.denominator, a.denominator * b.numerator);
}

export function negate(a: Rational): Rational {
  return { numerator: -a.numerator, denominator: a.denominator };
}

/** The remainder with the sign of the dividend, as in most programming languages: -7 % 3 is -1. */
export function remainder(a: Rational, b: Rational): Rational {
  const quotient = divide(a, b);
  return subtract(a, multiply(b, rational(quotient.numerator / quotient.denominator)));
}

/** Negative, zero or positive, as a is less than, equal to or greater than b. */
export function compare(a: Rational, b: Rational): number {
  const difference = a.numerator * b.denominator - b.numerator * a.denominator;
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}

/** Exact for whole exponents, else with 15 significant digits. */
export function power(base: Rational, exponent: Rational): Rational {
  if (exponent.denominator !== 1n) return fromFloat(toFloat(base) ** toFloat(exponent));
  const times = exponent.numerator < 0n ? -exponent.numerator : exponent.numerator;
  const bits = BigInt(Math.max(bitLength(base.numerator), bitLength(base.denominator)));
  // Checked before: the power itself could take all memory.
  if (bits > 1n && (bits - 1n) * times > 4096n) throw new ToolFailure("A power became too large, or too near to zero.");
  const smallTimes = bits > 1n ? times : times % 2n;
  const numerator = base.numerator ** (smallTimes === 0n && times > 0n ? 2n : smallTimes);
  const denominator = base.denominator ** smallTimes;
  return exponent.numerator < 0n ? rational(denominator, numerator) : rational(numerator, denominator);
}

function bitLength(value: bigint): number {
  return (value < 0n ? -value : value).toString(2).length;
}

/** The largest whole number not above. */
export function floor({ numerator, denominator }: Rational): Rational {
  const quotient = numerator / denominator;
  return rational(numerator < 0n && quotient * denominator !== numerator ? quotient - 1n : quotient);
}

/** Rounded to a number of decimals (negative: to tens, hundreds …), halves away from zero. */
export function round(value: Rational, decimals: number): Rational {
  const scale = decimals < 0 ? rational(1n, 10n ** BigInt(-decimals)) : rational(10n ** BigInt(decimals));
  const { numerator, denominator } = multiply(value, scale);
  const doubled = 2n * numerator + (numerator < 0n ? -denominator : denominator);
  return divide(rational(doubled / (2n * denominator)), scale);
}

/** As a person writes it: all digits of integers and of decimals that end, else 15 significant digits. */
export function format(value: Rational): string {
  const { numerator, denominator } = value;
  if (denominator === 1n) return formatInteger(numerator);
  const decimals = exactDecimals(denominator);
  if (decimals !== undefined) return withPoint((numerator * 10n ** BigInt(decimals)) / denominator, decimals);
  const float = toFloat(value);
  const magnitude = Math.abs(float);
  if (magnitude < 1e-6 || magnitude >= 1e15) return trimmed(float.toExponential(significantDigits - 1));
  const places = significantDigits - 1 - Math.floor(Math.log10(magnitude));
  const rounded = round(value, places);
  return withPoint((rounded.numerator * 10n ** BigInt(places)) / rounded.denominator, places);
}

function formatInteger(value: bigint): string {
  const text = String(value);
  const digits = value < 0n ? text.slice(1) : text;
  if (digits.length <= mostIntegerDigits) return text;
  const mantissa = `${digits[0]}.${digits.slice(1, significantDigits)}`.replace(/\.?0+$/, "");
  return `${value < 0n ? "-" : ""}${mantissa}e+${digits.length - 1}`;
}

/** How many decimals the fraction has; undefined when it does not end, or too late. */
function exactDecimals(denominator: bigint): number | undefined {
  let rest = denominator;
  let [twos, fives] = [0, 0];
  while (rest % 2n === 0n && twos <= mostExactDecimals) [rest, twos] = [rest / 2n, twos + 1];
  while (rest % 5n === 0n && fives <= mostExactDecimals) [rest, fives] = [rest / 5n, fives + 1];
  const decimals = Math.max(twos, fives);
  return rest === 1n && decimals <= mostExactDecimals ? decimals : undefined;
}

function withPoint(scaled: bigint, decimals: number): string {
  if (decimals <= 0) return String(scaled);
  const digits = String(scaled < 0n ? -scaled : scaled).padStart(decimals + 1, "0");
  const text = `${digits.slice(0, -decimals)}.${digits.slice(-decimals)}`.replace(/\.?0+$/, "");
  return scaled < 0n ? `-${text}` : text;
}

function trimmed(text: string): string {
  return text.replace(/\.?0+e/, "e");
}
