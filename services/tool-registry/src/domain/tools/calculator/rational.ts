/**
 * Exact fractions of big integers: 0.1 + 0.2 is 0.3, 1 / 3 * 3 is 1, and large integers keep all their digits. A
 * fraction whose denominator grows too long goes on with 15 digits, so that no expression takes longer than milliseconds.
 */
import { ToolFailure } from "../../tool-failure.ts";

/** numerator / denominator in lowest terms; the denominator is positive. */
export interface Rational {
  readonly numerator: bigint;
  readonly denominator: bigint;
}

/** Numbers from 2^1023 (about 308 digits) on are refused; all below have a nearest floating-point number. */
const limit = 1n << 1023n;
/** Longer denominators (about 77 digits) are not kept exactly. */
const longestDenominator = 1n << 256n;
/** Digits of a result that has no exact decimal form, and of functions such as sqrt. */
const significantDigits = 15;
/** Integers up to this many digits are written in full, longer ones as 1.5e+60. */
const mostIntegerDigits = 60;
/** Decimals are written exactly when they end within this many places. */
const mostExactDecimals = 30;

/** @throws ToolFailure when the number is too large, or the denominator is 0 */
export function rational(numerator: bigint, denominator = 1n): Rational {
  if (denominator === 0n) throw new ToolFailure("Division by zero.");
  const value = denominator === 1n ? { numerator, denominator } : reduced(numerator, denominator);
  if (value.denominator > longestDenominator) return fromFloat(toFloat(value));
  if (value.numerator >= limit || value.numerator <= -limit) throw tooLarge();
  return value;
}

function reduced(numerator: bigint, denominator: bigint): Rational {
  const divisor = greatestCommonDivisor(numerator, denominator);
  const sign = denominator < 0n ? -divisor : divisor;
  return { numerator: numerator / sign, denominator: denominator / sign };
}

function tooLarge(): ToolFailure {
  return new ToolFailure("A number became too large (more than about 300 digits).");
}

function greatestCommonDivisor(a: bigint, b: bigint): bigint {
  let [x, y] = [a < 0n ? -a : a, b < 0n ? -b : b];
  while (y !== 0n) [x, y] = [y, x % y];
  return x;
}

/** "12", "0.5", "1.5e-3", as the tokenizer found it. */
export function fromText(text: string): Rational {
  const { numerator, denominator } = decimalOf(text);
  return rational(numerator, denominator);
}

/** The number with 15 significant digits. */
export function fromFloat(value: number): Rational {
  if (Number.isNaN(value)) throw new ToolFailure("The result is no real number.");
  if (!Number.isFinite(value)) throw tooLarge();
  const { numerator, denominator } = decimalOf(Math.abs(value).toPrecision(significantDigits));
  return reduced(value < 0 ? -numerator : numerator, denominator);
}

function decimalOf(text: string): Rational {
  const [digits = "", exponentText = "0"] = text.toLowerCase().split("e");
  const [whole = "", decimals = ""] = digits.split(".");
  const exponent = Number(exponentText) - decimals.length;
  if (Math.abs(exponent) > 1_000) throw new ToolFailure("An exponent must be between -1000 and 1000.");
  const mantissa = BigInt(whole + decimals);
  const scale = 10n ** BigInt(Math.abs(exponent));
  return exponent < 0 ? { numerator: mantissa, denominator: scale } : { numerator: mantissa * scale, denominator: 1n };
}

/** The nearest floating-point number, also when numerator and denominator are beyond their range. */
export function toFloat({ numerator, denominator }: Rational): number {
  const direct = Number(numerator) / Number(denominator);
  if (Number.isFinite(direct) && direct !== 0) return direct;
  const [upper, lower] = [leadingBits(numerator), leadingBits(denominator)];
  return (upper.value / lower.value) * 2 ** (upper.shift - lower.shift);
}

/** value * 2^shift, with the 64 leading bits. */
function leadingBits(integer: bigint): { value: number; shift: number } {
  const shift = Math.max(0, bitLength(integer) - 64);
  return { value: Number(integer >> BigInt(shift)), shift };
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

/** Exact for whole exponents as long as the result is not too long, else with 15 significant digits. */
export function power(base: Rational, exponent: Rational): Rational {
  const times = exponent.numerator < 0n ? -exponent.numerator : exponent.numerator;
  const bits = BigInt(Math.max(bitLength(base.numerator), bitLength(base.denominator)));
  // Checked before: the power itself could take all memory.
  const short = (bits - 1n) * times <= 1_024n;
  if (exponent.denominator !== 1n || !short) return floatPower(base, exponent);
  // 0, 1 and -1 only differ by whether the exponent is even.
  const steps = bits > 1n || times === 0n ? times : 2n - (times % 2n);
  const [numerator, denominator] = [base.numerator ** steps, base.denominator ** steps];
  return exponent.numerator < 0n ? rational(denominator, numerator) : rational(numerator, denominator);
}

function floatPower(base: Rational, exponent: Rational): Rational {
  const value = toFloat(base) ** toFloat(exponent);
  if (value === 0 && base.numerator !== 0n) throw new ToolFailure("A power became too small.");
  return fromFloat(value);
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
  return text.length <= mostIntegerDigits ? text : trimmed(Number(value).toExponential(significantDigits - 1));
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
