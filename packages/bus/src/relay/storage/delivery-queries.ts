import type { Statement } from 'better-sqlite3';

import { COUNTED_DOCUMENT_TYPES, OTHER_DOCUMENT_TYPES } from '../../edxml/document-type.ts';
import { DAY_MS, VIETNAM_OFFSET_MS, dateNumber } from '../../calendar/vietnam-time.ts';
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

/** What a list of deliveries can be narrowed to; `late` and `recalled` ones have some state besides. */
export const STATE_FILTERS = [
  'open',
  'overdue',
  'late',
  'sent',
  '01',
  '02',
  '03',
  '04',
  '05',
  '06',
  'recalled',
  'withdrawn',
] as const satisfies readonly (
  DeliveryState | 'withdrawn' | 'recalled' | 'open' | 'overdue' | 'late'
)[];
export type StateFilter = (typeof STATE_FILTERS)[number];

export interface DeliveryFilter {
  readonly from: string;
  readonly to: string;
  /** Only of these senders, or to these recipients: few of them; `null`: anybody. */
  readonly senders: readonly string[] | null;
  readonly recipients: readonly string[] | null;
  readonly documentType: string | null;
  readonly urgency: UrgencyCode | null;
  readonly state: StateFilter | null;
  readonly overdueBeforeMs: number;
  /** Oldest issue first; else the newest. */
  readonly isAscending: boolean;
  /** The state is so rare that all agencies' rows of it are few: not to be looked up by agency. */
  readonly isRare: boolean;
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
  readonly #prepared = new Map<string, Listing>();
  readonly #countRare;

  constructor(db: Db) {
    this.#db = db;
    this.#countRare = db
      .prepare<[string, number, number, number], number>(
        `SELECT count(*) FROM (SELECT 1 FROM delivery AS d INDEXED BY delivery_rare
           WHERE d.state = ? AND ${IS_RARE} AND d.issued_day BETWEEN ? AND ? LIMIT ?)`,
      )
      .pluck();
  }

  /** Whether of a state that is rare there are no more deliveries in a period than so many. */
  isRare(
    { state, from, to }: Pick<DeliveryFilter, 'state' | 'from' | 'to'>,
    most: number,
  ): boolean {
    if (state === null || !RARE.has(state)) return false;
    const found = this.#countRare.get(state, dateNumber(from), dateNumber(to), most + 1) ?? 0;
    return found <= most;
  }

  /** In order of issue, document and recipient; the caller stops when it has enough. */
  iterate(filter: DeliveryFilter): IterableIterator<ListedDelivery> {
    const { sql, values } = buildQuery(filter);
    return this.#prepare(sql).iterate(...values);
  }

  /** A list is read part by part: one text, with other days. */
  #prepare(sql: string): Listing {
    const listing = this.#prepared.get(sql) ?? this.#db.prepare(sql);
    this.#prepared.delete(sql);
    this.#prepared.set(sql, listing);
    const [oldest] = this.#prepared.keys();
    if (this.#prepared.size > MAX_PREPARED && oldest !== undefined) this.#prepared.delete(oldest);
    return listing;
  }
}

type Listing = Statement<(string | number)[], ListedDelivery>;
/** Statements kept; filters can be put together in some hundred ways. */
const MAX_PREPARED = 64;

type Way =
  | 'recipients'
  | 'senders'
  | 'openOfSenders'
  | 'open'
  | 'openOfType'
  | 'rare'
  | 'recalled'
  | 'type'
  | 'all';

/** Of what is rare all agencies' rows are fewer than all rows of more agencies than these. */
const MAX_LOOKED_UP_RARE = 20;

/** Along which index the fewest rows are read. */
function wayOf({ senders, recipients, state, documentType, isRare }: DeliveryFilter): Way {
  if (state === 'recalled') return 'recalled';
  if (isRare) return 'rare';
  const isMany = (senders ?? recipients ?? []).length > MAX_LOOKED_UP_RARE;
  if (isMany && state !== null && RARE.has(state)) return 'rare';
  if (recipients !== null) return 'recipients';
  const isOpen = state !== null && OPEN.has(state);
  if (senders !== null) return isOpen ? 'openOfSenders' : 'senders';
  const isOfType = documentType !== null && documentType !== OTHER_DOCUMENT_TYPES;
  if (isOpen) return isOfType ? 'openOfType' : 'open';
  if (state !== null && RARE.has(state)) return 'rare';
  return isOfType ? 'type' : 'all';
}

const OPEN: ReadonlySet<StateFilter> = new Set(['open', 'overdue', 'sent', 'withdrawn']);
const RARE: ReadonlySet<StateFilter> = new Set(['02', '04', '05']);
/** As the partial indexes say it. */
const IS_RARE = "d.state IN ('02', '04', '05')";
const IS_OPEN = 'o.receipted_count < o.delivery_count';

function buildQuery(filter: DeliveryFilter): { sql: string; values: (string | number)[] } {
  const { documentType, urgency, isAscending, after } = filter;
  const way = wayOf(filter);
  const values: (string | number)[] = [];
  const where: string[] = [];
  const add = (condition: string, ...bound: (string | number)[]): void => {
    where.push(condition);
    values.push(...bound);
  };
  const codes = filter.recipients ?? filter.senders;
  const isApart = way === 'rare' || way === 'recalled';
  const isLookedUp = codes !== null && !isApart;
  if (isLookedUp) values.push(JSON.stringify(codes));
  const isByDelivery = way === 'recipients' || way === 'open' || isApart;
  if (isByDelivery) {
    add('d.issued_day BETWEEN ? AND ?', dateNumber(filter.from), dateNumber(filter.to));
  } else add('o.issued_on BETWEEN ? AND ?', filter.from, filter.to);
  if (way === 'rare') add(IS_RARE);
  if (codes !== null && !isLookedUp) {
    const side = filter.recipients === null ? 'o.sender' : 'd.recipient';
    add(`${side} IN (SELECT value FROM json_each(?))`, JSON.stringify(codes));
  }
  if (way === 'openOfSenders' || way === 'openOfType') add(IS_OPEN);
  add('o.counted = 1');
  if (documentType === OTHER_DOCUMENT_TYPES) {
    const counted = JSON.stringify(COUNTED_DOCUMENT_TYPES);
    add('o.document_type NOT IN (SELECT value FROM json_each(?))', counted);
  } else if (documentType !== null) add('o.document_type = ?', documentType);
  if (urgency !== null) add(urgency === 1 ? 'o.priority > 0' : 'o.priority = 0');
  addState(add, filter);
  const direction = isAscending ? 'ASC' : 'DESC';
  if (after !== null) {
    const [issuedOn, document, last] = after;
    const compare = isAscending ? '>' : '<';
    add(`(o.issued_on, o.id, d.recipient) ${compare} (?, ?, ?)`, issuedOn, document, last);
    // The index takes no part in comparing rows of three; this tells it where to begin.
    if (isByDelivery) add(`d.issued_day ${compare}= ?`, dateNumber(issuedOn));
    else add(`o.issued_on ${compare}= ?`, issuedOn);
  }
  const order = isByDelivery
    ? 'd.issued_day @, d.document @, d.recipient @'
    : 'o.issued_on @, o.id @, d.recipient @';
  return {
    sql: `SELECT ${COLUMNS} FROM ${TABLES[way]} ${WITHDRAWAL}
      WHERE ${where.join(' AND ')}
      ORDER BY ${order}`.replaceAll('@', direction),
    values,
  };
}

function addState(
  add: (condition: string, ...bound: number[]) => void,
  { state, overdueBeforeMs }: DeliveryFilter,
): void {
  if (state === null) return;
  if (state === 'withdrawn') return add('d.receipt_count = 0 AND w.sender IS NOT NULL');
  if (state === 'recalled') return add('d.change_agreed_ms IS NOT NULL');
  if (state === 'late') return add(IS_LATE);
  if (state === 'open') return add('d.receipt_count = 0');
  if (state === 'overdue') {
    return add('d.receipt_count = 0 AND o.dispatched_ms < ?', overdueBeforeMs);
  }
  if (state === 'sent') return add('d.receipt_count = 0 AND w.sender IS NULL');
  return add(`d.state = '${STATES[state]}'`);
}

/** From the start of the day after that of the dispatch on, at +07:00, as `addDelivery` counts it. */
const IS_LATE = `d.first_receipt_ms >= o.dispatched_ms + ${DAY_MS}
  - ((o.dispatched_ms + ${VIETNAM_OFFSET_MS}) % ${DAY_MS} + ${DAY_MS}) % ${DAY_MS}`;

const STATES = { '01': '01', '02': '02', '03': '03', '04': '04', '05': '05', '06': '06' } as const;

const DOCUMENT = 'CROSS JOIN document AS o ON o.id = d.document';
const DELIVERIES = 'CROSS JOIN delivery AS d ON d.document = o.id';

const TABLES: Readonly<Record<Way, string>> = {
  recipients: `json_each(?) AS j CROSS JOIN delivery AS d INDEXED BY delivery_recipient_day
    ON d.recipient = j.value ${DOCUMENT}`,
  senders: `json_each(?) AS j CROSS JOIN document AS o INDEXED BY document_sender_issued
    ON o.sender = j.value ${DELIVERIES}`,
  openOfSenders: `json_each(?) AS j CROSS JOIN document AS o INDEXED BY document_sender_open
    ON o.sender = j.value ${DELIVERIES}`,
  openOfType: `document AS o INDEXED BY document_type_open ${DELIVERIES}`,
  open: `delivery AS d INDEXED BY delivery_open_day ${DOCUMENT}`,
  rare: `delivery AS d INDEXED BY delivery_rare ${DOCUMENT}`,
  recalled: `delivery AS d INDEXED BY delivery_recalled ${DOCUMENT}`,
  type: `document AS o INDEXED BY document_type_issued ${DELIVERIES}`,
  all: `document AS o INDEXED BY document_issued ${DELIVERIES}`,
};
