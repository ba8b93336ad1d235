import {
  STATE_FILTERS,
  type DeliveryFilter,
  type DeliveryQueries,
  type ListedDelivery,
  type StateFilter,
} from '../storage/delivery-queries.ts';
import type { Span } from './agency.ts';
import type { Question } from './answers.ts';
import type { Counter, Sum } from './cell.ts';
import { readCursor, readLimit, writeCursor } from './paging.ts';
import { type Period, badRequest, splitPeriod } from './period.ts';
import { type Scope, isInScope, isInScopeOn, standingOf, topOf } from './scope.ts';
import type { DeliveriesRequest, DeliveryRow, Page } from './types.ts';

/** Agencies whose rows of some days are read before they are put in order. */
const MAX_LOOKED_UP = 1_000;
/** So many of a state in the whole period are read rather than looked up agency by agency. */
const MAX_RARE = 1_000;
/** What waits for somebody is listed oldest first, all else newest first. */
const WAITING: readonly string[] = ['sent', 'open', 'overdue', 'withdrawn'];

/** Deliveries of counted documents, by the day of issue of the document. */
export function answerDeliveries(
  question: Question,
  queries: DeliveryQueries,
  request: DeliveriesRequest,
): Page<DeliveryRow> {
  const { scope, period, state: settled, asOf } = question;
  const limit = readLimit(request);
  const { side = 'sender', state = null } = request;
  if (side !== 'sender' && side !== 'recipient')
    throw badRequest('side', 'it is sender or recipient');
  if (state !== null && !STATE_FILTERS.includes(state)) {
    throw badRequest('state', `it is one of ${STATE_FILTERS.join(', ')}`);
  }
  const isWaiting = state !== null && WAITING.includes(state);
  const few = fewAgencies(question, MAX_LOOKED_UP);
  const filter = {
    senders: side === 'sender' ? few : null,
    recipients: side === 'recipient' ? few : null,
    documentType: scope.documentType,
    urgency: scope.urgency,
    state,
    overdueBeforeMs: settled.overdueBeforeMs,
    isAscending: isWaiting,
    isRare: queries.isRare({ state, from: period.from, to: period.to }, MAX_RARE),
    after: request.after === undefined ? null : readCursor(request.after, ['', 0, ''] as const),
  };
  const rows: ListedDelivery[] = [];
  const take = ({ from, to }: Span): boolean => {
    for (const row of queries.iterate({ ...filter, from, to })) {
      if (isListed(question, row, side)) rows.push(row);
      if (rows.length > limit) return false;
    }
    return true;
  };
  for (const span of spansToRead(question, { ...filter, few, wanted: limit + 1 }, side))
    if (!take(span)) break;
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  const next =
    rows.length > limit && last !== undefined
      ? writeCursor([last.issuedOn, last.document, last.recipient])
      : null;
  const total = side === 'sender' ? countOf(question, scope, state) : null;
  return { as_of: asOf, rows: page.map((row) => describe(question, row)), total, next };
}

/** All agencies that stand or stood in a scope, when they are few enough to be looked up one by one. */
function fewAgencies({ index, scope }: Question, most: number): string[] | null {
  if (scope.agency === null && scope.under === null && scope.tier === null) return null;
  const only = scope.agency;
  const agencies = only === null ? index.agencies : index.sourcesOf(only, scope.isNow);
  const codes: string[] = [];
  for (const { code, places } of agencies) {
    if (!places.some((place) => isInScope(standingOf(code, place, scope.isNow), scope))) continue;
    codes.push(code);
    if (codes.length > most) return null;
  }
  return codes;
}

/**
 * The parts of the period that are worth reading, in the order of the list: the figures tell in which
 * months, and of what is rare on which days, there is any row of it. What is read before it is put in
 * order is read in parts that grow: most pages are full after the first.
 */
function* spansToRead(
  { reader, scope, period }: Question,
  {
    state,
    isAscending,
    after,
    few,
    wanted,
  }: Pick<DeliveryFilter, 'state' | 'isAscending' | 'after'> & {
    readonly few: readonly string[] | null;
    /** Rows of a page. */
    readonly wanted: number;
  },
  side: 'sender' | 'recipient',
): Generator<Span> {
  const inOrder = (span: Span, kind: 'month' | 'day'): Period[] => {
    const parts = [...splitPeriod({ ...span, text: '', kind: null }, kind)];
    return isAscending ? parts : parts.toReversed();
  };
  const isBefore = ({ from, to }: Span): boolean =>
    after !== null && (isAscending ? to < after[0] : from > after[0]);
  const mostIn = (span: Span): number =>
    side === 'sender' ? mostRows(reader.countersIn(scope, span), state) : Number.POSITIVE_INFINITY;
  const top = topOf(scope);
  const readCounts = (spans: readonly Span[]): void => {
    if (side === 'sender' && top !== null) reader.readTogether(scope, [top], spans);
  };
  const months = inOrder(period, 'month').filter((month) => !isBefore(month));
  readCounts(months);
  const worthReading = months.map((month) => ({ month, most: mostIn(month) }));
  for (const { month, most } of worthReading) {
    if (most === 0) continue;
    const days = inOrder(month, 'day').filter((day) => !isBefore(day));
    const isSparse = state === '02' || (state === 'late' && most < days.length);
    if (isSparse && side === 'sender') {
      readCounts(days);
      for (const day of days) if (mostIn(day) > 0) yield day;
    } else if (few === null || isAscending) {
      // What waits is little in a month of few agencies.
      yield month;
    } else {
      yield* growingParts(days, Math.ceil((days.length * wanted * MORE_THAN_EVEN) / most));
    }
  }
}

/** Rows come unevenly over a month: the first part should hold a page all the same. */
const MORE_THAN_EVEN = 1.5;

/** 1, 2, 4 … times so many of some consecutive days, in their order. */
function* growingParts(days: readonly Span[], atFirst: number): Generator<Span> {
  let count = Math.max(1, atFirst);
  for (let rest = days; rest.length > 0; rest = rest.slice(count), count *= 2) {
    const [first, last] = [rest[0], rest[Math.min(count, rest.length) - 1]];
    if (first === undefined || last === undefined) return;
    yield first.from <= last.from
      ? { from: first.from, to: last.to }
      : { from: last.from, to: first.to };
  }
}

function isListed({ index, scope }: Question, row: ListedDelivery, side: 'sender' | 'recipient') {
  const everybody = scope.agency === null && scope.under === null && scope.tier === null;
  const agency = index.find(row[side]);
  if (agency === undefined) return everybody && side === 'recipient';
  return everybody || isInScopeOn(agency, scope, row.issuedOn);
}

/** The figure that counts the same deliveries, where there is one. */
function countOf(
  { reader, period }: Question,
  scope: Scope,
  state: StateFilter | null,
): number | null {
  return countIn(reader.countersIn(scope, period), state);
}

function countIn(counters: Sum, state: StateFilter | null): number | null {
  const count = (name: Counter): number => counters.count(name);
  const open = count('deliveries') - count('receipted');
  switch (state) {
    case null:
      return count('deliveries');
    case 'open':
      return open;
    case 'sent':
      return open - count('withdrawn');
    case '02':
      return count('refused');
    case 'overdue':
    case 'late':
    case 'recalled':
    case 'withdrawn':
      return count(state);
    default:
      return null;
  }
}

/** No more rows than this are there: a delivery that has come so far was receipted so far. */
function mostRows(counters: Sum, state: StateFilter | null): number {
  switch (state) {
    case '01':
    case '03':
    case '06':
      return counters.count(`receipted_${state}`);
    case '04':
    case '05':
      return counters.count('receipted');
    default:
      return countIn(counters, state) ?? Number.POSITIVE_INFINITY;
  }
}

function describe({ index, state }: Question, row: ListedDelivery): DeliveryRow {
  const isOpen = row.receiptCount === 0;
  return {
    from: row.sender,
    from_name: index.find(row.sender)?.name ?? null,
    to: row.recipient,
    to_name: index.find(row.recipient)?.name ?? null,
    document_id: row.documentId,
    business_type: row.businessType,
    document_version: row.documentVersion,
    number: row.number,
    notation: row.notation,
    issued_on: row.issuedOn,
    document_type: row.documentType,
    abstract: row.abstract,
    urgency: row.priority > 0 ? 'urgent' : 'normal',
    state: row.isWithdrawn === 1 ? 'withdrawn' : row.state,
    dispatched_at: new Date(row.dispatchedMs).toISOString(),
    first_receipt_at:
      row.firstReceiptMs === null ? null : new Date(row.firstReceiptMs).toISOString(),
    overdue: isOpen && row.dispatchedMs < state.overdueBeforeMs,
  };
}
