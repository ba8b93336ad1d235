import { dateNumber } from '../../calendar/vietnam-time.ts';
import type { DeliveryState } from '../delivery-state.ts';
import type { Db } from './database.ts';
import type { UrgencyCode } from './figure-store.ts';

export interface ListedDelivery {
  readonly sender: string;
  readonly recipient: string;
  readonly documentId: string;
  readonly businessType: number;
  readonly documentVersion: number;
  readonly number: number;
  readonly notation: string;
  readonly issuedOn: string;
  readonly documentType: string;
  readonly abstract: string;
  readonly priority: number;
  readonly state: DeliveryState;
  readonly receiptCount: number;
  readonly isWithdrawn: 0 | 1;
  readonly dispatchedMs: number;
  readonly firstReceiptMs: number | null;
  /** Row of `document`. */
  readonly document: number;
}

export type StateFilter = DeliveryState | 'withdrawn' | 'open' | 'overdue';

export interface DeliveryFilter {
  readonly from: string;
  readonly to: string;
  readonly sender: string | null;
  readonly recipient: string | null;
  readonly documentType: string | null;
  readonly urgency: UrgencyCode | null;
  readonly state: StateFilter | null;
  readonly overdueBeforeMs: number;
  /** Oldest issue first; else the newest. */
  readonly isAscending: boolean;
  /** The last row of the page before. */
  readonly after: DeliveryPlace | null;
}

/** Where a delivery stands in the order of a list. */
export type DeliveryPlace = readonly [issuedOn: string, document: number, recipient: string];

const COLUMNS = `o.sender, d.recipient, o.document_id AS documentId, o.business_type AS businessType,
  o.document_version AS documentVersion, o.register_number AS number, o.notation,
  o.issued_on AS issuedOn, o.document_type AS documentType, o.abstract, o.priority, d.state,
  d.receipt_count AS receiptCount, o.dispatched_ms AS dispatchedMs,
  d.first_receipt_ms AS firstReceiptMs, o.id AS document, w.sender IS NOT NULL AS isWithdrawn`;
const WITHDRAWAL = `LEFT JOIN withdrawal AS w ON d.receipt_count = 0 AND o.withdrawn_count > 0
  AND w.sender = o.sender AND w.document_id = o.document_id AND w.business_type = o.business_type
  AND w.document_version = o.document_version AND w.recipient = d.recipient`;

/** Lists deliveries of counted documents along an index, a row at a time. */
export class DeliveryQueries {
  readonly #db: Db;

  constructor(db: Db) {
    this.#db = db;
  }

  /** In order of issue, document and recipient; the caller stops when it has enough. */
  iterate(filter: DeliveryFilter): IterableIterator<ListedDelivery> {
    const { sql, values } = buildQuery(filter);
    return this.#db.prepare<(string | number)[], ListedDelivery>(sql).iterate(...values);
  }
}

function buildQuery(filter: DeliveryFilter): { sql: string; values: (string | number)[] } {
  const { sender, recipient, documentType, urgency, state, isAscending, after } = filter;
  const values: (string | number)[] = [];
  const where: string[] = [];
  const add = (condition: string, ...bound: (string | number)[]): void => {
    where.push(condition);
    values.push(...bound);
  };
  const isOpen =
    state === 'open' || state === 'overdue' || state === 'sent' || state === 'withdrawn';
  if (recipient !== null) {
    add('d.recipient = ?', recipient);
    add('d.issued_day BETWEEN ? AND ?', dateNumber(filter.from), dateNumber(filter.to));
  } else if (isOpen && sender === null) {
    add('d.issued_day BETWEEN ? AND ?', dateNumber(filter.from), dateNumber(filter.to));
  } else add('o.issued_on BETWEEN ? AND ?', filter.from, filter.to);
  if (sender !== null) add('o.sender = ?', sender);
  add('o.counted = 1');
  if (documentType !== null) add('o.document_type = ?', documentType);
  if (urgency !== null) add(urgency === 1 ? 'o.priority > 0' : 'o.priority = 0');
  addState(add, filter);
  const direction = isAscending ? 'ASC' : 'DESC';
  if (after !== null) {
    const [issuedOn, document, last] = after;
    const compare = isAscending ? '>' : '<';
    add(`(o.issued_on, o.id, d.recipient) ${compare} (?, ?, ?)`, issuedOn, document, last);
    // The index takes no part in comparing rows of three; this tells it where to begin.
    if (recipient !== null || (isOpen && sender === null)) {
      add(`d.issued_day ${compare}= ?`, dateNumber(issuedOn));
    } else add(`o.issued_on ${compare}= ?`, issuedOn);
  }
  return {
    sql: `SELECT ${COLUMNS} FROM ${tablesFor(filter, isOpen)} ${WITHDRAWAL}
      WHERE ${where.join(' AND ')}
      ORDER BY ${orderFor(filter, isOpen)}`.replaceAll('@', direction),
    values,
  };
}

function addState(
  add: (condition: string, ...bound: number[]) => void,
  { state, overdueBeforeMs }: DeliveryFilter,
): void {
  if (state === null) return;
  if (state === 'withdrawn') return add('d.receipt_count = 0 AND w.sender IS NOT NULL');
  if (state === 'open') return add('d.receipt_count = 0');
  if (state === 'overdue') {
    return add('d.receipt_count = 0 AND o.dispatched_ms < ?', overdueBeforeMs);
  }
  if (state === 'sent') return add('d.receipt_count = 0 AND w.sender IS NULL');
  return add(`d.state = '${STATES[state]}'`);
}

const STATES = { '01': '01', '02': '02', '03': '03', '04': '04', '05': '05', '06': '06' } as const;

function tablesFor({ sender, recipient }: DeliveryFilter, isOpen: boolean): string {
  if (recipient !== null) {
    return 'delivery AS d INDEXED BY delivery_recipient_day CROSS JOIN document AS o ON o.id = d.document';
  }
  if (isOpen && sender === null) {
    return 'delivery AS d INDEXED BY delivery_open_day CROSS JOIN document AS o ON o.id = d.document';
  }
  const index = sender === null ? 'document_issued' : 'document_sender_issued';
  return `document AS o INDEXED BY ${index} CROSS JOIN delivery AS d ON d.document = o.id`;
}

function orderFor({ sender, recipient }: DeliveryFilter, isOpen: boolean): string {
  if (recipient !== null || (isOpen && sender === null)) {
    return 'd.issued_day @, d.document @, d.recipient @';
  }
  return 'o.issued_on @, o.id @, d.recipient @';
}
