import { badRequest } from './period.ts';
import type { AsOf, Page, PageRequest } from './types.ts';

const DEFAULT_LIMIT = 100;
const MAX_LIMIT = 1_000;
const MAX_CURSOR_LENGTH = 600;

/** @throws BusError `BUS_RELAY_REQUEST_INVALID`. */
export function readLimit({ limit = DEFAULT_LIMIT }: PageRequest): number {
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX_LIMIT) {
    throw badRequest('limit', `it is a whole number from 1 to ${MAX_LIMIT}`);
  }
  return limit;
}

type CursorPart = string | number;

export function writeCursor(parts: readonly CursorPart[]): string {
  return Buffer.from(JSON.stringify(parts)).toString('base64url');
}

/**
 * @param shape - an example of what the cursor holds.
 * @throws BusError `BUS_RELAY_REQUEST_INVALID` for what {@link writeCursor} did not write.
 */
export function readCursor<T extends readonly CursorPart[]>(
  text: string,
  shape: T,
): { readonly [K in keyof T]: T[K] extends number ? number : string } {
  const parts: unknown = text.length > MAX_CURSOR_LENGTH ? undefined : tryParse(text);
  if (!isLike(parts, shape)) throw badRequest('after', 'it is no next of a page');
  return parts;
}

function isLike<T extends readonly CursorPart[]>(
  parts: unknown,
  shape: T,
): parts is {
  readonly [K in keyof T]: T[K] extends number ? number : string;
} & readonly CursorPart[] {
  return (
    Array.isArray(parts) &&
    parts.length === shape.length &&
    shape.every((part, index) => typeof parts[index] === typeof part)
  );
}

function tryParse(text: string): unknown {
  try {
    return JSON.parse(Buffer.from(text, 'base64url').toString('utf8'));
  } catch {
    return undefined;
  }
}

/** How many rows come before the page after this one. */
export function endOfPage(request: PageRequest): number {
  return readStart(request) + readLimit(request);
}

function readStart({ after }: PageRequest): number {
  const [start] = after === undefined ? [0] : readCursor(after, [0] as const);
  if (!Number.isInteger(start) || start < 0) throw badRequest('after', 'it is no next of a page');
  return start;
}

/** One page of rows that are all known, by their place. */
export function pageOf<R, T>(
  asOf: AsOf,
  rows: readonly R[],
  request: PageRequest,
  describe: (row: R) => T,
): Page<T> {
  const limit = readLimit(request);
  const start = readStart(request);
  const page = rows.slice(start, start + limit).map(describe);
  const end = start + page.length;
  return {
    as_of: asOf,
    rows: page,
    total: rows.length,
    next: end < rows.length && page.length > 0 ? writeCursor([end]) : null,
  };
}
