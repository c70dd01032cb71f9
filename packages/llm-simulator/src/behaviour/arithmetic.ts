// Words to signs. Only between numbers or brackets, so that "over the hill" stays text.
const WORDS: readonly (readonly [RegExp, string])[] = [
  [/(\d),(?=\d{3}\b)/g, "$1"],
  [/(\d(?:\.\d+)?)\s*(?:%|percent)\s+of\s+/gi, "$1 / 100 * "],
  [/\bsquare root of\s+(\d+(?:\.\d+)?)/gi, "sqrt($1)"],
  [/([\d)])\s*(?:plus)\s+(?=[\d(-])/gi, "$1 + "],
  [/([\d)])\s*(?:minus)\s+(?=[\d(-])/gi, "$1 - "],
  [/([\d)])\s*(?:times|multiplied by|×|·|x)\s*(?=[\d(-])/gi, "$1 * "],
  [/([\d)])\s*(?:divided by|over|÷)\s*(?=[\d(-])/gi, "$1 / "],
  [/([\d)])\s*(?:to the power of|\*\*)\s*(?=[\d(-])/gi, "$1 ^ "],
  [/([\d)])\s*(?:modulo|mod)\s+(?=[\d(-])/gi, "$1 % "],
  [/(\d+(?:\.\d+)?)\s+squared\b/gi, "$1 ^ 2"],
];

// Numbers joined by signs that are no sums: dates, times, versions, phone numbers.
const NO_SUM =
  /\b\d{4}-\d{1,2}-\d{1,2}(?:T[\d:.Z+-]+)?\b|\b\d{1,2}\/\d{1,2}\/\d{2,4}\b|\b\d+(?:\.\d+){2,}\b|\b\d{2,}(?:-\d{2,}){2,}\b/g;
const CANDIDATE = /(?:sqrt\(|[\d(.]|-(?=[\d(.]))[\d\s.+\-*/%^()sqrt]*[\d)]/g;
const HAS_SUM = /[\d)]\s*[+\-*/%^]\s*[-(\d.s]|sqrt\(/;

/**
 * Finds the arithmetic in a request: signs, words ("12 % of 80", "17 times 23", "square root of 16"), or a step from
 * the previous answer ("add 5 to that"). Returns an expression of numbers, `+ - * / % ^ ( )` and `sqrt`, the longest
 * if there are several.
 */
export function findExpression(text: string, previousAnswer = ""): string | undefined {
  if (!/\d/.test(text)) return undefined;
  return findSum(text) ?? continueFrom(text, previousAnswer);
}

function findSum(text: string): string | undefined {
  let plain = text.replace(NO_SUM, " ; ");
  for (const [words, sign] of WORDS) plain = plain.replace(words, sign);
  const sums = (plain.match(CANDIDATE) ?? []).filter((candidate) => HAS_SUM.test(candidate));
  const valid = sums.map((sum) => sum.trim().replace(/\s+/g, " ")).filter((sum) => evaluate(sum) !== undefined);
  return valid.sort((a, b) => b.length - a.length)[0];
}

const STEPS: readonly (readonly [RegExp, string])[] = [
  [/\badd\s+(-?[\d.]+)\s+to\s+(?:that|it|this|the result)/i, "+"],
  [/\bsubtract\s+(-?[\d.]+)\s+from\s+(?:that|it|this|the result)/i, "-"],
  [/\b(?:multiply\s+)?(?:that|it|this|the result)\s+(?:by|times)\s+(-?[\d.]+)/i, "*"],
  [/\bdivide\s+(?:that|it|this|the result)\s+by\s+(-?[\d.]+)/i, "/"],
  [/\b(?:that|it|this|the result)\s+plus\s+(-?[\d.]+)/i, "+"],
  [/\b(?:that|it|this|the result)\s+minus\s+(-?[\d.]+)/i, "-"],
];

function continueFrom(text: string, previousAnswer: string): string | undefined {
  const previous = previousAnswer.match(/-?\d+(?:\.\d+)?/g)?.at(-1);
  if (previous === undefined) return undefined;
  // "divide it by 2" also looks like "it by 2": the divisions are tried first.
  for (const [pattern, sign] of [...STEPS].sort((a) => (a[1] === "/" ? -1 : 1))) {
    const operand = pattern.exec(text)?.[1];
    if (operand && Number.isFinite(Number(operand))) return `${previous} ${sign} ${operand}`;
  }
  return undefined;
}

/** Computes an expression; undefined when it is none. Used when no calculator is offered. */
export function evaluate(expression: string): number | undefined {
  if (expression.length > 500) return undefined;
  const tokens = expression.match(/\d+(?:\.\d+)?|\.\d+|sqrt|[+\-*/%^()]|\S/g) ?? [];
  const parser = new Parser(tokens);
  const value = parser.sum(0);
  return parser.ended && value !== undefined && Number.isFinite(value) ? Number(value.toPrecision(12)) : undefined;
}

const MAX_DEPTH = 50;

class Parser {
  private readonly tokens: readonly string[];
  private at = 0;

  constructor(tokens: readonly string[]) {
    this.tokens = tokens;
  }

  get ended(): boolean {
    return this.at === this.tokens.length;
  }

  sum(depth: number): number | undefined {
    let left = this.product(depth);
    while (left !== undefined && (this.sees("+") || this.sees("-"))) {
      const sign = this.tokens[this.at++];
      const right = this.product(depth);
      left = right === undefined ? undefined : sign === "+" ? left + right : left - right;
    }
    return left;
  }

  private product(depth: number): number | undefined {
    let left = this.power(depth);
    while (left !== undefined && (this.sees("*") || this.sees("/") || this.sees("%"))) {
      const sign = this.tokens[this.at++];
      const right = this.power(depth);
      if (right === undefined) return undefined;
      left = sign === "*" ? left * right : sign === "/" ? left / right : left % right;
    }
    return left;
  }

  private power(depth: number): number | undefined {
    const base = this.atom(depth);
    if (base === undefined || !this.sees("^") || depth > MAX_DEPTH) return base;
    this.at++;
    const exponent = this.power(depth + 1);
    return exponent === undefined ? undefined : base ** exponent;
  }

  private atom(depth: number): number | undefined {
    const token = this.tokens[this.at++];
    if (token === undefined || depth > MAX_DEPTH) return undefined;
    if (token === "-") return negate(this.atom(depth + 1));
    if (token === "sqrt") return root(this.sees("(") ? this.atom(depth + 1) : undefined);
    if (token !== "(") return /^[\d.]/.test(token) ? Number(token) : undefined;
    const inner = this.sum(depth + 1);
    return this.tokens[this.at++] === ")" ? inner : undefined;
  }

  private sees(token: string): boolean {
    return this.tokens[this.at] === token;
  }
}

function negate(value: number | undefined): number | undefined {
  return value === undefined ? undefined : -value;
}

function root(value: number | undefined): number | undefined {
  return value === undefined ? undefined : Math.sqrt(value);
}
