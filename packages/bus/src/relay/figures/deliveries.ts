import type { DeliveryQueries, ListedDelivery, StateFilter } from '../storage/delivery-queries.ts';
import type { Question } from './answers.ts';
import { readCursor, readLimit, writeCursor } from './paging.ts';
import { badRequest } from './period.ts';
import { type Scope, isInScopeOn } from './scope.ts';
import type { DeliveriesRequest, DeliveryRow, Page } from './types.ts';

const STATES: readonly string[] = [
  'sent',
  '01',
  '02',
  '03',
  '04',
  '05',
  '06',
  'withdrawn',
  'open',
  'overdue',
] satisfies StateFilter[];
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
  if (state !== null && !STATES.includes(state)) {
    throw badRequest('state', `it is one of ${STATES.join(', ')}`);
  }
  const single = scope.isNow ? null : scope.agency;
  const found = queries.iterate({
    from: period.from,
    to: period.to,
    sender: side === 'sender' ? single : null,
    recipient: side === 'recipient' ? single : null,
    documentType: scope.documentType,
    urgency: scope.urgency,
    state,
    overdueBeforeMs: settled.overdueBeforeMs,
    isAscending: state !== null && WAITING.includes(state),
    after: request.after === undefined ? null : readCursor(request.after, ['', 0, ''] as const),
  });
  const rows: ListedDelivery[] = [];
  for (const row of found) {
    if (isListed(question, row, side)) rows.push(row);
    if (rows.length > limit) break;
  }
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  const next =
    rows.length > limit && last !== undefined
      ? writeCursor([last.issuedOn, last.document, last.recipient])
      : null;
  const total = side === 'sender' ? countOf(question, scope, state) : null;
  return { as_of: asOf, rows: page.map((row) => describe(question, row)), total, next };
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
  const figures = reader.figures(scope, period);
  switch (state) {
    case null:
      return figures.deliveries;
    case 'open':
      return figures.open;
    case 'overdue':
      return figures.overdue;
    case 'withdrawn':
      return figures.withdrawn;
    case 'sent':
      return figures.open - figures.withdrawn;
    case '02':
      return figures.refused;
    default:
      return null;
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
