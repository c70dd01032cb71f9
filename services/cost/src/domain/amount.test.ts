import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { addAmount, amountOf, formatUsd, MAX_AMOUNT, parseUsd } from "./amount.ts";

describe("amounts", () => {
  it("reads every text that it writes, to the nano-dollar", () => {
    fc.assert(fc.property(fc.integer({ min: 0, max: MAX_AMOUNT }), (amount) => parseUsd(formatUsd(amount)) === amount));
  });

  it.each([
    ["5", 5_000_000_000],
    ["0.1", 100_000_000],
    ["0.000000001", 1],
    ["9000000", MAX_AMOUNT],
    ["0", 0],
  ])("reads %s exactly", (text, amount) => {
    expect(parseUsd(text)).toBe(amount);
  });

  it.each(["", "-1", "+1", ".5", "5.", "1e3", "9000000.000000001", "0.0000000001", " 5", "5 ", "0x10", "NaN"])(
    "refuses %j",
    (text) => {
      expect(parseUsd(text)).toBeUndefined();
    },
  );

  it("takes amounts from 0 to the largest and names the field otherwise", () => {
    expect([amountOf("amount", 0n), amountOf("amount", BigInt(MAX_AMOUNT))]).toEqual([0, MAX_AMOUNT]);
    for (const wrong of [undefined, -1n, BigInt(MAX_AMOUNT) + 1n, 1n << 62n]) {
      expect(() => amountOf("amount", wrong)).toThrow(expect.objectContaining({ reason: "INVALID_AMOUNT" }));
    }
  });

  it("adds without ever leaving the exact range", () => {
    expect(addAmount(MAX_AMOUNT, MAX_AMOUNT)).toBe(MAX_AMOUNT);
    expect(addAmount(1, -2)).toBe(0);
  });
});
