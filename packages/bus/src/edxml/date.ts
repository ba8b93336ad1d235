import { invalidField, quote } from './fault.ts';

/** Official times are Vietnam time and carry no zone in edXML; Vietnam has no summer time. */
const VIETNAM_OFFSET = '+07:00';
const VIETNAM_OFFSET_MS = 7 * 60 * 60 * 1000;

const YEAR_FIRST = /^(\d{4})[/.-](\d{1,2})[/.-](\d{1,2})(?=$|[T\s])/;
const DAY_FIRST = /^(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})(?=$|[T\s])/;
const TIME = /^[T\s]+(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,]\d+)?)?\s*(Z|[+-]\d{2}:?\d{2})?$/;
const WRITTEN_DATE = /^\d{4}-\d{2}-\d{2}$/;
const WRITTEN_TIMESTAMP = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:Z|[+-]\d{2}:\d{2})$/;

/**
 * Reads the dates of real messages: `2025/10/20`, `20/10/2025`, `2025-10-20`, a time behind it or not.
 *
 * @returns `YYYY-MM-DD`, or `undefined` when it is no date of the calendar.
 */
export function readDate(text: string): string | undefined {
  const trimmed = text.trim();
  const yearFirst = YEAR_FIRST.exec(trimmed);
  if (yearFirst !== null) return calendarDate(yearFirst[1], yearFirst[2], yearFirst[3]);
  const dayFirst = DAY_FIRST.exec(trimmed);
  return dayFirst === null ? undefined : calendarDate(dayFirst[3], dayFirst[2], dayFirst[1]);
}

/** `YYYY-MM-DD` as edXML has it, `yyyy/MM/dd`. */
export function writeDate(date: string, field: string): string {
  if (!WRITTEN_DATE.test(date) || readDate(date) !== date) {
    throw invalidField(field, `is ${quote(date)}, not a date such as 2026-07-01`);
  }
  return date.replaceAll('-', '/');
}

/**
 * Reads `2025/10/20 10:48:03` as Vietnam time; a zone, where there is one, is honoured.
 *
 * @returns `YYYY-MM-DDTHH:mm:ss+07:00`, or `undefined`.
 */
export function readTimestamp(text: string): string | undefined {
  const trimmed = text.trim();
  const date = readDate(trimmed);
  const dateText = (YEAR_FIRST.exec(trimmed) ?? DAY_FIRST.exec(trimmed))?.[0];
  if (date === undefined || dateText === undefined) return undefined;
  const time = TIME.exec(trimmed.slice(dateText.length));
  if (time === null) return undefined;
  const [, hour = '', minute = '', second = '00', zone = VIETNAM_OFFSET] = time;
  const clock = `${hour.padStart(2, '0')}:${minute}:${second}`;
  return toVietnamTime(`${date}T${clock}${zone.replace(/^([+-]\d{2})(\d{2})$/, '$1:$2')}`);
}

/** A time with zone as edXML has it, `yyyy/MM/dd HH:mm:ss` in Vietnam time. */
export function writeTimestamp(timestamp: string, field: string): string {
  const local = WRITTEN_TIMESTAMP.test(timestamp) ? toVietnamTime(timestamp) : undefined;
  if (local === undefined) {
    throw invalidField(
      field,
      `is ${quote(timestamp)}, not a time such as 2026-07-01T08:00:00+07:00`,
    );
  }
  return `${local.slice(0, 10).replaceAll('-', '/')} ${local.slice(11, 19)}`;
}

/** The day in Vietnam at a time, `YYYY-MM-DD`. */
export function vietnamDate(at: Date): string {
  return new Date(at.getTime() + VIETNAM_OFFSET_MS).toISOString().slice(0, 10);
}

function toVietnamTime(iso: string): string | undefined {
  const at = Date.parse(iso);
  if (Number.isNaN(at)) return undefined;
  const local = new Date(at + VIETNAM_OFFSET_MS).toISOString();
  return /^\d{4}-/.test(local) ? `${local.slice(0, 19)}${VIETNAM_OFFSET}` : undefined;
}

function calendarDate(year = '', month = '', day = ''): string | undefined {
  const text = `${year}-${month.padStart(2, '0')}-${day.padStart(2, '0')}`;
  const at = new Date(`${text}T00:00:00.000Z`);
  return !Number.isNaN(at.getTime()) && at.toISOString().slice(0, 10) === text ? text : undefined;
}
