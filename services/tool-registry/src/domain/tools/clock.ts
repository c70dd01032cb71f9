import type { Tool } from "../tool.ts";
import { ToolFailure } from "../tool-failure.ts";

const zoneSchema = {
  type: "string",
  minLength: 1,
  maxLength: 64,
  description: 'Time zone by its IANA name, for example "Europe/Berlin" or "UTC"',
} as const;

/** Formatters that are kept: making one takes longer than using it. */
const mostFormatters = 100;

/** Tells the time of `now` (milliseconds since the epoch). */
export function clockTool(now: () => number): Tool {
  const formatters = new Map<string, Intl.DateTimeFormat>();
  const formatterOf = (zone: string): Intl.DateTimeFormat => {
    const known = formatters.get(zone);
    if (known !== undefined) return known;
    const made = makeFormatter(zone);
    if (formatters.size < mostFormatters) formatters.set(zone, made);
    return made;
  };
  return {
    name: "clock",
    description:
      "Tells the current date, weekday and time. Use it whenever the answer depends on today's date or the time of day. " +
      "Gives the time in UTC, and in a time zone when one is asked for.",
    parameters: { type: "object", properties: { time_zone: zoneSchema }, additionalProperties: false },
    settings: { type: "object", properties: { time_zone: zoneSchema }, additionalProperties: false },
    idempotent: true,
    requiredScope: "",
    timeoutMs: 1_000,
    execute({ arguments: { time_zone: asked }, settings: { time_zone: usual } }) {
      const zone = String(asked ?? usual ?? "UTC");
      return timeIn(zone, new Date(now()), formatterOf(zone));
    },
  };
}

function makeFormatter(timeZone: string): Intl.DateTimeFormat {
  try {
    return new Intl.DateTimeFormat("en-GB", {
      timeZone,
      weekday: "long",
      year: "numeric",
      month: "2-digit",
      day: "2-digit",
      hour: "2-digit",
      minute: "2-digit",
      second: "2-digit",
      timeZoneName: "longOffset",
      hourCycle: "h23",
    });
  } catch {
    throw new ToolFailure(
      `${JSON.stringify(timeZone)} is no time zone. Use an IANA name such as "America/New_York", or "UTC".`,
    );
  }
}

/** "Saturday, 2026-11-21 16:05:12 in Europe/Berlin (UTC+01:00); in UTC it is 2026-11-21 15:05:12". */
function timeIn(zone: string, date: Date, formatter: Intl.DateTimeFormat): string {
  const parts = new Map(formatter.formatToParts(date).map(({ type, value }) => [type, value]));
  const part = (type: Intl.DateTimeFormatPartTypes) => parts.get(type) ?? "";
  const day = `${part("weekday")}, ${part("year")}-${part("month")}-${part("day")}`;
  const local = `${day} ${part("hour")}:${part("minute")}:${part("second")}`;
  if (zone === "UTC") return `${local} UTC`;
  // ICU writes no offset of zero in some versions.
  const offset = part("timeZoneName").replace(/^GMT$/, "GMT+00:00").replace("GMT", "UTC");
  return `${local} in ${zone} (${offset}); in UTC it is ${date.toISOString().slice(0, 19).replace("T", " ")}`;
}
