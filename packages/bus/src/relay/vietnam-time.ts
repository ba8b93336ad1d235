const OFFSET_MS = 7 * 60 * 60 * 1_000;

/** `YYYY-MM-DD` at +07:00, where Viet Nam has had no summer time since 1975. */
export function dateInVietnam(atMs: number): string {
  return new Date(atMs + OFFSET_MS).toISOString().slice(0, 10);
}

/** UTC milliseconds of the first moment of `YYYY-MM-DD` at +07:00. */
export function startOfDayMs(date: string): number {
  return Date.parse(`${date}T00:00:00.000Z`) - OFFSET_MS;
}

/** The month after `YYYY-MM`. */
export function monthAfter(month: string): string {
  const next = new Date(`${month}-01T00:00:00.000Z`);
  next.setUTCMonth(next.getUTCMonth() + 1);
  return next.toISOString().slice(0, 7);
}
