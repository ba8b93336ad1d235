/** Vietnam has one zone and no summer time; registers and reports count days in it. */
export const VIETNAM_OFFSET_MS = 7 * 60 * 60 * 1_000;

/** From here on a year has five digits, and no order as text; a clock can say so. */
const LAST_MS = Date.parse('9999-12-31T23:59:59.999Z');

/** `YYYY-MM-DD` at +07:00, at most the last day of the year 9999. */
export function dateInVietnam(at: Date): string {
  return new Date(Math.min(at.getTime() + VIETNAM_OFFSET_MS, LAST_MS)).toISOString().slice(0, 10);
}

/** The year at +07:00, which numbers a register. */
export function yearInVietnam(at: Date): number {
  return Number(dateInVietnam(at).slice(0, 4));
}

/** UTC milliseconds of the first moment of `YYYY-MM-DD` at +07:00. */
export function startOfDayMs(date: string): number {
  return Date.parse(`${date}T00:00:00.000Z`) - VIETNAM_OFFSET_MS;
}

export const DAY_MS = 24 * 60 * 60 * 1_000;

/** Days at +07:00 since 1970-01-01. */
export function dayNumber(ms: number): number {
  return Math.floor((ms + VIETNAM_OFFSET_MS) / DAY_MS);
}

/** The date some days after another, both `YYYY-MM-DD`. */
export function addDays(date: string, days: number): string {
  const day = Number(date.slice(8)) + days;
  // Every month has these days: most calls are for the day before or after.
  if (day >= 1 && day <= 28) return `${date.slice(0, 8)}${day < 10 ? '0' : ''}${day}`;
  return new Date(Date.parse(`${date}T00:00:00.000Z`) + days * DAY_MS).toISOString().slice(0, 10);
}

/** As {@link dayNumber}, of a date. */
export function dateNumber(date: string): number {
  return Math.floor(Date.parse(`${date}T00:00:00.000Z`) / DAY_MS);
}
