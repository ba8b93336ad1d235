const VIETNAM_OFFSET_MS = 7 * 3_600_000;

function pad(value: number): string {
  return String(value).padStart(2, '0');
}

/** `05/03/2026 14:30`: the time in Vietnam (+07:00, no summer time), for people. */
export function formatTime(at: Date): string {
  const local = new Date(at.getTime() + VIETNAM_OFFSET_MS);
  return `${formatDate(at)} ${pad(local.getUTCHours())}:${pad(local.getUTCMinutes())}`;
}

/**
 * `14:30:05`: the time of day in Vietnam. `Intl` would do it, too, and keep 8 MB of its tables in the
 * memory of every agent.
 */
export function formatClock(at: Date): string {
  return new Date(at.getTime() + VIETNAM_OFFSET_MS).toISOString().slice(11, 19);
}

/** `05/03/2026`: the day in Vietnam. */
export function formatDate(at: Date): string {
  const local = new Date(at.getTime() + VIETNAM_OFFSET_MS);
  return `${pad(local.getUTCDate())}/${pad(local.getUTCMonth() + 1)}/${local.getUTCFullYear()}`;
}

/** `2026-03-05` → `05/03/2026`; anything else stays as it is. */
export function formatDay(day: string): string {
  const match = /^(\d{4})-(\d{2})-(\d{2})$/u.exec(day);
  return match === null ? day : `${match[3]}/${match[2]}/${match[1]}`;
}

/** The day in Vietnam as `YYYY-MM-DD`. */
export function dayInVietnam(at: Date): string {
  return new Date(at.getTime() + VIETNAM_OFFSET_MS).toISOString().slice(0, 10);
}

const RFC_3339 =
  /^(\d{4})-(\d{2})-(\d{2})(?:[Tt ](\d{2}):(\d{2})(?::(\d{2})(\.\d{1,9})?)?(?:([Zz])|([+-])(\d{2}):(\d{2}))?)?$/u;
const VIETNAMESE = /^(\d{1,2})\/(\d{1,2})\/(\d{4})(?: (\d{1,2}):(\d{2}))?$/u;

/**
 * Reads a time as people and programs write it: RFC 3339, `YYYY-MM-DD`, `YYYY-MM-DD HH:MM` or
 * `dd/MM/yyyy HH:mm`. Without a zone it is the time in Vietnam; without a time of day, the day's start.
 *
 * @returns `undefined` when it is none of these or no such day exists.
 */
export function parseTime(text: string): Date | undefined {
  const trimmed = text.trim();
  const vietnamese = VIETNAMESE.exec(trimmed);
  if (vietnamese !== null) {
    const [, day = '', month = '', year = '', hour = '0', minute = '0'] = vietnamese;
    return checkedTime([year, month, day, hour, minute, '0'].map(Number), 0, VIETNAM_OFFSET_MS);
  }
  const match = RFC_3339.exec(trimmed);
  if (match === null) return undefined;
  const [, year, month, day, hour = '0', minute = '0', second = '0', fraction, utc, sign, h, m] =
    match;
  const parts = [year, month, day, hour, minute, second].map(Number);
  const fractionMs = fraction === undefined ? 0 : Math.trunc(Number(fraction) * 1000);
  let offsetMs = VIETNAM_OFFSET_MS;
  if (utc !== undefined) offsetMs = 0;
  if (sign !== undefined) {
    if (Number(h) > 23 || Number(m) > 59) return undefined;
    offsetMs = (sign === '-' ? -1 : 1) * (Number(h) * 60 + Number(m)) * 60_000;
  }
  return checkedTime(parts, fractionMs, offsetMs);
}

function checkedTime(parts: number[], fractionMs: number, offsetMs: number): Date | undefined {
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = parts;
  if (hour > 23 || minute > 59 || second > 59) return undefined;
  const wall = new Date(Date.UTC(year, month - 1, day, hour, minute, second, fractionMs));
  const sameDay = wall.getUTCMonth() === month - 1 && wall.getUTCDate() === day;
  if (!sameDay || wall.getUTCFullYear() !== year) return undefined;
  return new Date(wall.getTime() - offsetMs);
}

/** A checked `YYYY-MM-DD` from `YYYY-MM-DD` or `dd/MM/yyyy`; `undefined` when there is no such day. */
export function parseDay(text: string): string | undefined {
  if (!/^(?:\d{4}-\d{2}-\d{2}|\d{1,2}\/\d{1,2}\/\d{4})$/u.test(text.trim())) return undefined;
  const start = parseTime(text);
  return start === undefined ? undefined : dayInVietnam(start);
}
