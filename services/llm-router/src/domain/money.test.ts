import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { costOf, parsePrice, worstCaseOf } from "./money.ts";

const price = fc.bigInt(0n, 10n ** 14n);
const prices = fc.record({ input: price, output: price, cachedInput: price });
const tokens = fc.nat(10_000_000);
const usages = fc.record({
  inputTokens: tokens,
  outputTokens: tokens,
  cachedInputTokens: tokens,
  reasoningTokens: fc.constant(0),
  estimated: fc.boolean(),
});

describe("a price", () => {
  it.each([
    ["0.15", 150_000_000n],
    ["2.50", 2_500_000_000n],
    ["15", 15_000_000_000n],
    ["0.000000001", 1n],
    ["0", 0n],
    ["99999.999999999", 99_999_999_999_999n],
  ])("written %s is read exactly", (text, nano) => {
    expect(parsePrice(text)).toBe(nano);
  });

  it.each(["", "-1", "1e3", "1,5", "0.0000000001", "100000", ".5", "5.", " 1", "NaN", "$1"])(
    "written %j is none",
    (text) => {
      expect(parsePrice(text)).toBeUndefined();
    },
  );

  it("survives being written and read again", () => {
    fc.assert(
      fc.property(fc.bigInt(0n, 10n ** 14n - 1n), (nano) => {
        const text = `${nano / 1_000_000_000n}.${String(nano % 1_000_000_000n).padStart(9, "0")}`;
        expect(parsePrice(text)).toBe(nano);
      }),
    );
  });
});

describe("a cost", () => {
  it("is the exact product, rounded up to one nano-dollar at most", () => {
    fc.assert(
      fc.property(prices, usages, (rates, usage) => {
        const cached = Math.min(usage.cachedInputTokens, usage.inputTokens);
        const exact =
          rates.input * BigInt(usage.inputTokens - cached) +
          rates.cachedInput * BigInt(cached) +
          rates.output * BigInt(usage.outputTokens);
        const charged = costOf(rates, usage) * 1_000_000n;
        expect(charged >= exact).toBe(true);
        expect(charged - exact < 1_000_000n).toBe(true);
      }),
    );
  });

  it("never exceeds the worst case of calls that have no more tokens", () => {
    fc.assert(
      fc.property(prices, usages, tokens, tokens, (rates, usage, moreInput, moreOutput) => {
        const most = { inputTokens: usage.inputTokens + moreInput, outputTokens: usage.outputTokens + moreOutput };
        expect(costOf(rates, usage) <= worstCaseOf(rates, most)).toBe(true);
      }),
    );
  });

  it("of one token of a model that costs anything is not zero", () => {
    const rates = { input: 1n, output: 1n, cachedInput: 1n };
    const one = { inputTokens: 1, outputTokens: 0, cachedInputTokens: 0, reasoningTokens: 0, estimated: false };
    expect(costOf(rates, one)).toBe(1n);
  });
});
