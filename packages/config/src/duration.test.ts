import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatDuration, parseDuration } from "./duration.ts";

describe("durations", () => {
  it("read what they write", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 10 ** 11 }), (milliseconds) => {
        expect(parseDuration(formatDuration(milliseconds))).toBe(milliseconds);
      }),
    );
  });

  it.each(["", "5", "s", "-1s", "1 s", "1e3s", "5x", "99999999999999h"])("refuse %j", (text) => {
    expect(parseDuration(text)).toBeUndefined();
  });
});
