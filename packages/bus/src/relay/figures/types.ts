import type { Tier } from '../../agency/tier.ts';
import type { StateFilter } from '../storage/delivery-queries.ts';

/** Urgency as the lanes of the bus know it: edXML priority 0 is normal, 1 to 4 are urgent. */
export type Urgency = 'urgent' | 'normal';

/**
 * Which agencies and documents a figure is about; all given conditions hold together.
 */
export interface FiguresScope {
  /** Only this agency. */
  readonly agency?: string;
  /** Only this agency and those below it. */
  readonly under?: string;
  readonly tier?: Tier;
  readonly documentType?: string;
  readonly urgency?: Urgency;
  /**
   * Tier, parent and successor of an agency on the day of issue (`then`, the default), or today
   * (`now`): after a merger, `now` gives the successor what its predecessors sent.
   */
  readonly structure?: 'then' | 'now';
}

/** A scope in the names of the API. */
export interface AnsweredScope extends Omit<FiguresScope, 'documentType'> {
  readonly document_type?: string;
}

/**
 * `2026-11-22`, `2026-W47` (ISO 8601 week), `2026-11`, `2026-Q4`, `2026`, or two of them with `..`
 * between: dates of issue at +07:00, both ends included.
 */
export type PeriodText = string;

export interface FiguresRequest extends FiguresScope {
  readonly period: PeriodText;
}

/** Milliseconds, never below the true value by rank and at most 1/64 above it; `null` without any. */
export interface TimeFigures {
  readonly median: number;
  readonly p95: number;
}

/** The figures of a set of documents. Rates are fractions from 0 to 1, `null` when nothing divides. */
export interface Figures {
  /** Documents sent electronically only. */
  readonly E: number;
  /** Documents sent electronically and on paper. */
  readonly EP: number;
  /** Documents sent on paper only. */
  readonly P: number;
  /** Documents of E and E+P that carry a digital signature. */
  readonly signed: number;
  readonly rate_electronic: number | null;
  readonly rate_any: number | null;
  readonly rate_signed: number | null;
  /** Answered by nobody for as long as the broker keeps a message, or given up: in no term. */
  readonly undelivered: number;
  /** Numbers given up with a reason: in no term. */
  readonly void_numbers: number;
  /** Numbers of registers that no record names and that may belong here. */
  readonly missing_numbers: number;
  /** True while records are missing that may belong here: the counts are then lower bounds. */
  readonly lower_bound: boolean;
  /** One for each electronic recipient of a document. */
  readonly deliveries: number;
  /** Recipients by paper only, of documents of the class E+P and P. */
  readonly paper_recipients: number;
  readonly receipted: number;
  /** Deliveries without any receipt. */
  readonly open: number;
  /** Open deliveries whose day of dispatch is over (Decree 30/2020 Art. 21.2c). */
  readonly overdue: number;
  /** Deliveries whose first receipt came after the day of dispatch. */
  readonly late: number;
  readonly receipted_01: number;
  readonly receipted_03: number;
  readonly receipted_06: number;
  /** Deliveries that stand refused (02). */
  readonly refused: number;
  /** Deliveries whose recall or update the recipient agreed to (15). */
  readonly recalled: number;
  /** Deliveries that their sender gave up (withdrawn) and nobody answered. */
  readonly withdrawn: number;
  /** Statements of these senders that contradict an earlier one: kept, never counted. */
  readonly contradictions: number;
  /** Of these, documents dispatched again and numbers used again. */
  readonly duplicates: number;
  readonly time_to_01_ms: TimeFigures | null;
  readonly time_to_03_ms: TimeFigures | null;
  readonly time_to_06_ms: TimeFigures | null;
}

/** While a day is being settled: what was dispatched before these moments, RFC 3339, counts already. */
export interface Settling {
  readonly overdue_before: string;
  readonly undelivered_before: string;
}

/** What an answer was computed from: the same state of records and the same day give the same digits. */
export interface AsOf {
  /** The last report taken in (`report.id`). */
  readonly record: number;
  /** Overdue and undelivered count up to the start of this day at +07:00, `YYYY-MM-DD`. */
  readonly day: string;
  /** Agencies whose place in the directory changed and whose figures are still being moved; left out: none. */
  readonly rebuilding?: number | undefined;
  /** How far the day after `day` is settled; left out: what counts is that of the start of `day`. */
  readonly settling?: Settling | undefined;
}

export interface FiguresAnswer {
  readonly as_of: AsOf;
  /** First and last day of issue. */
  readonly period: { readonly text: PeriodText; readonly from: string; readonly to: string };
  readonly scope: AnsweredScope;
  readonly figures: Figures;
  /** The same scope in the period of equal kind before; `null` for a range of several periods. */
  readonly before: Figures | null;
  /** What `rate_electronic` should reach for this scope's tier and year; `null`: none set, or several tiers. */
  readonly target: number | null;
  /** Agencies open at some time of the period, and those of them that reported nothing in it. */
  readonly agencies: number;
  readonly agencies_silent: number;
}

/** What the rows of a breakdown stand for. */
export const BREAKDOWN_KEYS = [
  'tier',
  'agency',
  'parent',
  'type',
  'urgency',
  'day',
  'week',
  'month',
  'quarter',
  'year',
] as const;
export type BreakdownKey = (typeof BREAKDOWN_KEYS)[number];

export interface BreakdownRequest extends FiguresRequest {
  /** `parent`: one row for each direct child of `under` (or of the top), with all below it. */
  readonly by: BreakdownKey;
  /** `-` in front: largest first. Rows without the figure stand last. */
  readonly sort?:
    | 'key'
    | 'name'
    | `${'' | '-'}${'rate_electronic' | 'deliveries' | 'overdue' | 'missing_numbers' | 'documents'}`;
  /** Only rows whose `rate_electronic` is under their target. */
  readonly underTarget?: boolean;
  /** At most 1,000; 100 unless told. */
  readonly limit?: number;
  /** `next` of the page before. */
  readonly after?: string;
}

export interface BreakdownRow {
  /** Tier, agency code, document type, urgency, or period text. */
  readonly key: string;
  /** Of an agency. */
  readonly name: string | null;
  readonly tier: Tier | null;
  readonly figures: Figures;
  readonly before: Figures | null;
  readonly target: number | null;
  /** Agencies counted in this row. */
  readonly agencies: number;
  readonly agencies_silent: number;
  /** `parent` and `agency` rows: whether agencies stand below it. */
  readonly has_children: boolean;
}

export interface Page<T> {
  readonly as_of: AsOf;
  readonly rows: readonly T[];
  /** Rows of all pages; `null` when counting would take longer than answering. */
  readonly total: number | null;
  /** Opaque; `null` on the last page. */
  readonly next: string | null;
}

export interface PageRequest {
  readonly limit?: number;
  readonly after?: string;
}

export type AgencyStanding = 'reporting' | 'silent' | 'not-open' | 'closed';

export interface AgencyRow {
  readonly code: string;
  readonly name: string;
  readonly tier: Tier;
  readonly parent: string | null;
  readonly site: string;
  readonly standing: AgencyStanding;
  /** When the broker stored its last report; `null`: never. */
  readonly last_report_at: string | null;
  /** Reports of its chain that never came. */
  readonly missing_reports: number;
  readonly contradictions: number;
  /** Only counted: so many of their kind are kept already. */
  readonly contradictions_further: number;
}

/** Numbers of a register, or reports of a chain, that no record names. */
export interface GapRow {
  readonly agency: string;
  readonly name: string;
  readonly kind: 'register' | 'report';
  /** Of the register; `null` for reports. */
  readonly year: number | null;
  readonly first: number;
  readonly last: number;
  /** Days of issue of the known neighbours, `YYYY-MM-DD`; `null` at an open end. */
  readonly after: string | null;
  readonly before: string | null;
}

export interface DeliveryRow {
  readonly from: string;
  readonly from_name: string | null;
  readonly to: string;
  readonly to_name: string | null;
  readonly document_id: string;
  readonly business_type: number;
  readonly document_version: number;
  readonly number: number;
  readonly notation: string;
  /** `YYYY-MM-DD` at +07:00. */
  readonly issued_on: string;
  readonly document_type: string;
  readonly abstract: string;
  readonly urgency: Urgency;
  /** The furthest status, `sent` while none came; `withdrawn` when given up and unanswered. */
  readonly state: 'sent' | '01' | '02' | '03' | '04' | '05' | '06' | 'withdrawn';
  readonly dispatched_at: string;
  readonly first_receipt_at: string | null;
  readonly overdue: boolean;
}

export interface DeliveriesRequest extends FiguresRequest, PageRequest {
  /** Whether `agency` and `under` speak of the sender (the default) or of the recipient. */
  readonly side?: 'sender' | 'recipient';
  readonly state?: StateFilter;
}

/** What can be asked of a relay's statistics; every answer comes out of verified records. */
export interface RelayFigures {
  /** What an answer of this moment would be computed from; costs next to nothing. */
  asOf(): AsOf;
  /** @throws BusError `BUS_RELAY_REQUEST_INVALID` naming the parameter, `BUS_AGENCY_CODE_INVALID`. */
  figures(request: FiguresRequest): FiguresAnswer;
  breakdown(request: BreakdownRequest): Page<BreakdownRow>;
  deliveries(request: DeliveriesRequest): Page<DeliveryRow>;
  gaps(request: FiguresRequest & PageRequest & { readonly kind?: GapRow['kind'] }): Page<GapRow>;
  agencies(
    request: FiguresRequest & PageRequest & { readonly standing?: AgencyStanding },
  ): Page<AgencyRow>;
}
