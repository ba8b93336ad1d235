import { z } from 'zod';

import { type AgencyCode, isAgencyCode } from '../agency/code.ts';
import { type Site, isSite } from '../agency/tier.ts';
import { MAX_DOCUMENT_ID_LENGTH, MAX_REASON_LENGTH } from './limits.ts';

/** C0, DEL and C1 controls, and the line separators that terminals and logs obey. */
const CONTROL = /[\p{Cc}\u2028\u2029]/u;
/** Free text may hold tabs and line ends, nothing else of the kind. */
// oxlint-disable-next-line no-control-regex -- naming them is the purpose
const CONTROL_BUT_LINES = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]/;
const RFC3339_UTC_MS = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/;
const CALENDAR_DATE = /^\d{4}-\d{2}-\d{2}$/;
const MAX_NUMBER = 1_000_000_000;

/** One line of bounded text without control characters. */
export function line(maxLength: number): z.ZodString {
  return z
    .string()
    .min(1, 'is empty')
    .max(maxLength, `has more than ${maxLength} characters`)
    .refine((text) => !CONTROL.test(text), 'has a control character')
    .refine((text) => text.isWellFormed(), 'has half a surrogate pair');
}

/** Bounded text of several lines; it may be empty. */
export function prose(maxLength: number): z.ZodString {
  return z
    .string()
    .max(maxLength, `has more than ${maxLength} characters`)
    .refine((text) => !CONTROL_BUT_LINES.test(text), 'has a control character')
    .refine((text) => text.isWellFormed(), 'has half a surrogate pair');
}

export const agencyCode = z.custom<AgencyCode>(
  (value) => typeof value === 'string' && isAgencyCode(value),
  'is not an agency code such as H09.12',
);

export const site = z.custom<Site>(
  (value) => typeof value === 'string' && isSite(value),
  'is not a site name such as H09',
);

/** SHA-256, lower-case hexadecimal. */
export const digest = z.string().regex(/^[0-9a-f]{64}$/, 'is not a SHA-256 in lower hexadecimal');

/** RFC 3339 in UTC with milliseconds, the form of `Date.toISOString`. */
export const instant = z
  .string()
  .refine(
    (text) => RFC3339_UTC_MS.test(text) && isSameInstant(text),
    'is not a time such as 2026-07-01T01:02:03.456Z',
  );

const calendarDate = z
  .string()
  .refine(
    (text) => CALENDAR_DATE.test(text) && isSameInstant(`${text}T00:00:00.000Z`),
    'is not a date such as 2026-07-01',
  );

export const count = z.int('is not a whole number').min(0, 'is negative').max(MAX_NUMBER);
/** Bytes of something that is not empty. */
export function sizeUpTo(limit: number): z.ZodInt {
  return z
    .int('is not a whole number')
    .min(1, 'is not at least 1')
    .max(limit, `is over ${limit} bytes`);
}
export const ordinal = z.int('is not a whole number').min(1, 'is not at least 1').max(MAX_NUMBER);
export const year = z.int('is not a year').min(1945, 'is before 1945').max(9999, 'is after 9999');

export const documentId = line(MAX_DOCUMENT_ID_LENGTH);
/** 0 new, 1 recall, 2 update, 3 replacement. */
export const businessType = z.literal([0, 1, 2, 3], 'is not 0, 1, 2 or 3');
export const priority = z.literal([0, 1, 2, 3, 4], 'is not 0 to 4');
export const statusCode = z.string().regex(/^(?:0[1-9]|1[0-6])$/, 'is not a status 01 to 16');
/** A finding of this package or a refusal reason; a new one of a later release passes too. */
export const reasonCode = z.string().regex(/^[A-Z][A-Z0-9_]{0,59}$/, 'is not a code in capitals');
export const reason = prose(MAX_REASON_LENGTH);
export const register = z.object({
  year,
  number: ordinal,
  notation: line(100),
  issuedOn: calendarDate,
});
export const incoming = z.object({ year, number: ordinal });

function isSameInstant(text: string): boolean {
  const at = new Date(text);
  return !Number.isNaN(at.getTime()) && at.toISOString() === text;
}
