/**
 * The grammar of the calculator, by recursive descent:
 *
 *     sum     = product { ("+" | "-") product }
 *     product = sign { ("*" | "/" | "%") sign | "%" "of" sign }
 *     sign    = ("-" | "+") sign | power
 *     power   = value [ "^" sign ]                         right to left: 2^3^2 is 2^9; -2^2 is -(2^2)
 *     value   = number | constant | function "(" sum { "," sum } ")" | "(" sum ")"
 *
 * "%" is the remainder; "12% of 80" is 9.6.
 */
import { ToolFailure } from "../../tool-failure.ts";
import { constants, functions } from "./functions.ts";
import {
  add,
  divide,
  fromText,
  multiply,
  negate,
  power,
  type Rational,
  rational,
  remainder,
  subtract,
} from "./rational.ts";
import { type Token, tokenize } from "./tokens.ts";

/** Brackets and signs inside each other. */
const deepest = 64;
const hundred = rational(100n);

/**
 * The value of an expression.
 * @throws ToolFailure saying what is wrong, where, and what to write instead
 */
export function evaluate(expression: string): Rational {
  return new Evaluation(tokenize(expression)).result();
}

class Evaluation {
  readonly #tokens: readonly Token[];
  #position = 0;
  #depth = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  result(): Rational {
    const value = this.#sum();
    if (this.#next.kind !== "end") throw this.#unexpected("an operator or the end");
    return value;
  }

  get #next(): Token {
    return this.#tokens[this.#position] as Token;
  }

  #accept(...symbols: readonly string[]): string | undefined {
    const { kind, text } = this.#next;
    if (kind !== "symbol" || !symbols.includes(text)) return undefined;
    this.#position++;
    return text;
  }

  #sum(): Rational {
    let value = this.#product();
    for (;;) {
      const operator = this.#accept("+", "-");
      if (operator === undefined) return value;
      value = operator === "+" ? add(value, this.#product()) : subtract(value, this.#product());
    }
  }

  #product(): Rational {
    let value = this.#sign();
    for (;;) {
      const operator = this.#accept("*", "/", "%");
      if (operator === undefined) return value;
      if (operator === "%" && this.#acceptOf()) value = multiply(divide(value, hundred), this.#sign());
      else value = this.#apply(operator, value);
    }
  }

  #apply(operator: string, value: Rational): Rational {
    if (operator === "*") return multiply(value, this.#sign());
    if (operator === "/") return divide(value, this.#sign());
    const { kind, text } = this.#next;
    if (kind === "end" || (kind === "symbol" && text !== "(" && text !== "-" && text !== "+")) {
      throw new ToolFailure('"%" is the remainder (7 % 3); for a percentage write "12% of 80" or "80 * 12 / 100".');
    }
    return remainder(value, this.#sign());
  }

  #acceptOf(): boolean {
    const { kind, text } = this.#next;
    if (kind !== "name" || text !== "of") return false;
    this.#position++;
    return true;
  }

  #sign(): Rational {
    const operator = this.#accept("-", "+");
    if (operator === undefined) return this.#power();
    const value = this.#deeper(() => this.#sign());
    return operator === "-" ? negate(value) : value;
  }

  #power(): Rational {
    const base = this.#value();
    if (this.#accept("^") === undefined) return base;
    return power(
      base,
      this.#deeper(() => this.#sign()),
    );
  }

  #value(): Rational {
    const { kind, text } = this.#next;
    if (kind === "number") {
      this.#position++;
      return fromText(text);
    }
    if (kind === "name") return this.#named(text);
    if (this.#accept("(") === undefined) throw this.#unexpected("a number, a bracket or a function");
    const value = this.#deeper(() => this.#sum());
    if (this.#accept(")") === undefined) throw this.#unexpected('")"');
    return value;
  }

  #named(name: string): Rational {
    const constant = constants.get(name);
    const definition = functions.get(name);
    if (constant === undefined && definition === undefined) {
      const known = [...functions.keys(), ...constants.keys()].join(", ");
      throw new ToolFailure(
        `Unknown name ${JSON.stringify(name.slice(0, 32))} at position ${this.#next.at}. Known: ${known}.`,
      );
    }
    this.#position++;
    if (definition === undefined) return constant as Rational;
    const values = this.#arguments(name);
    const { least, most } = definition;
    if (values.length >= least && values.length <= most) return definition.apply(values);
    const expected = least === most ? String(least) : `${least} to ${most}`;
    throw new ToolFailure(`${name} takes ${expected} value${most === 1 ? "" : "s"}, not ${values.length}.`);
  }

  #arguments(name: string): Rational[] {
    if (this.#accept("(") === undefined) throw this.#unexpected(`"(" after ${name}`);
    const values: Rational[] = [];
    if (this.#accept(")") !== undefined) return values;
    do values.push(this.#deeper(() => this.#sum()));
    while (this.#accept(",") !== undefined);
    if (this.#accept(")") === undefined) throw this.#unexpected('"," or ")"');
    return values;
  }

  #deeper<T>(parse: () => T): T {
    if (++this.#depth > deepest) throw new ToolFailure(`The expression is nested deeper than ${deepest} levels.`);
    const value = parse();
    this.#depth--;
    return value;
  }

  #unexpected(expected: string): ToolFailure {
    const { kind, text, at } = this.#next;
    const found = kind === "end" ? "The expression ends" : `Unexpected ${JSON.stringify(text.slice(0, 32))}`;
    return new ToolFailure(`${found} at position ${at}; expected ${expected}.`);
  }
}
