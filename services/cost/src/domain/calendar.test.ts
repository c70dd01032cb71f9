import { describe, expect, it } from "vitest";
import { monthStart, rememberingCalendar, windowAt } from "./calendar.ts";

describe("calendar windows", () => {
  it("end with the day and the month in UTC, whatever the month's length", () => {
    const window = windowAt(Date.UTC(2028, 1, 29, 23, 59, 59, 999));
    expect(window).toEqual({
      day: "2028-02-29",
      month: "2028-02",
      dayStart: Date.UTC(2028, 1, 29),
      dayEnd: Date.UTC(2028, 2, 1),
      monthEnd: Date.UTC(2028, 2, 1),
    });
  });

  it("turn with the year", () => {
    expect(windowAt(Date.UTC(2026, 11, 31, 12)).monthEnd).toBe(Date.UTC(2027, 0, 1));
    expect(monthStart(Date.UTC(2027, 0, 1))).toBe(Date.UTC(2027, 0, 1));
  });

  it("are the same when remembered, also for a clock that steps back", () => {
    const calendar = rememberingCalendar();
    for (const instant of [
      0,
      Date.UTC(2026, 10, 21),
      Date.UTC(2026, 10, 22) - 1,
      Date.UTC(2026, 10, 22),
      Date.UTC(2026, 10, 21),
    ]) {
      expect(calendar(instant)).toEqual(windowAt(instant));
    }
  });
});
