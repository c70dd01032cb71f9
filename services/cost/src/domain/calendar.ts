/** Calendar windows, UTC. */

const dayMs = 86_400_000;

/** The day and month an instant lies in. */
export interface CalendarWindow {
  /** "2026-11-21" */
  readonly day: string;
  /** "2026-11" */
  readonly month: string;
  /** First instant of the day. */
  readonly dayStart: number;
  /** First instant after the day. */
  readonly dayEnd: number;
  /** First instant after the month. */
  readonly monthEnd: number;
}

/** The windows of an instant in milliseconds since the epoch. */
export function windowAt(instant: number): CalendarWindow {
  const dayStart = Math.floor(instant / dayMs) * dayMs;
  const date = new Date(dayStart);
  const day = date.toISOString().slice(0, 10);
  const monthEnd = Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1);
  return { day, month: day.slice(0, 7), dayStart, dayEnd: dayStart + dayMs, monthEnd };
}

/** First instant of the month an instant lies in. */
export function monthStart(instant: number): number {
  const date = new Date(instant);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth());
}

/** A `windowAt` that remembers the last day asked for: nearly every call is about today. */
export function rememberingCalendar(): (instant: number) => CalendarWindow {
  let last = windowAt(0);
  return (instant) => {
    if (instant < last.dayStart || instant >= last.dayEnd) last = windowAt(instant);
    return last;
  };
}
