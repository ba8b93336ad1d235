import type { ShareClass } from '../figures/share-class.ts';
import type { DeliveryCounts } from '../share/tally.ts';
import type { Db } from './database.ts';

export interface DocumentCount {
  readonly agency: string;
  readonly month: string;
  readonly shareClass: ShareClass;
  readonly signed: 0 | 1;
  /** 1: no recipient has ever answered, and the cut-off is over or the sender gave all of them up. */
  readonly undelivered: 0 | 1;
  readonly count: number;
}

export interface DeliveryCount extends DeliveryCounts {
  readonly agency: string;
  readonly month: string;
}

export interface DeliveryTime {
  readonly agency: string;
  readonly month: string;
  readonly arrivalMs: number | null;
  readonly acceptanceMs: number | null;
}

export interface VoidNumber {
  readonly agency: string;
  readonly month: string;
  readonly year: number;
  readonly number: number;
  readonly reason: string;
}

/** Numbers without a record, with the months of issue of the known numbers around them. */
export interface RegisterGap {
  readonly agency: string;
  readonly year: number;
  readonly first: number;
  readonly last: number;
  readonly monthBefore: string | null;
  readonly monthAfter: string | null;
}

/** Reports that never came, with the time that the next one states. */
export interface MissingReports {
  readonly agency: string;
  readonly first: number;
  readonly last: number;
  readonly nextAtMs: number | null;
}

/** What the share is computed from. Months are `YYYY-MM`, both ends included. */
export class ShareQueries {
  readonly #documents;
  readonly #deliveries;
  readonly #times;
  readonly #voids;
  readonly #gaps;
  readonly #missing;
  readonly #reported;
  readonly #entered;

  constructor(db: Db) {
    this.#documents = db.prepare<[number, string, string], DocumentCount>(
      `SELECT r.agency, r.month, r.share_class AS shareClass, r.signed,
         (r.share_class <> 'P' AND NOT EXISTS (
           SELECT 1 FROM delivery AS d WHERE d.document = r.document AND (d.receipt_count > 0
             OR o.dispatched_ms >= ? AND NOT EXISTS (
               SELECT 1 FROM withdrawal AS w
               WHERE w.sender = o.sender AND w.document_id = o.document_id
                 AND w.business_type = o.business_type AND w.document_version = o.document_version
                 AND w.recipient = d.recipient))
         )) AS undelivered, count(*) AS count
       FROM register_entry AS r LEFT JOIN document AS o ON o.id = r.document
       WHERE r.month BETWEEN ? AND ? AND r.share_class IS NOT NULL
       GROUP BY r.agency, r.month, r.share_class, r.signed, undelivered`,
    );
    this.#deliveries = db.prepare<[string, string], DeliveryCount>(
      `SELECT r.agency, r.month, count(*) AS deliveries,
         sum(d.receipt_count > 0) AS receipted, count(d.arrived_ms) AS receipted01,
         count(d.accepted_ms) AS receipted03, count(d.completed_ms) AS receipted06,
         sum(d.state = '02') AS refused
       FROM register_entry AS r JOIN delivery AS d ON d.document = r.document
       WHERE r.month BETWEEN ? AND ? GROUP BY r.agency, r.month`,
    );
    this.#times = db.prepare<[string, string], DeliveryTime>(
      `SELECT r.agency, r.month, d.arrived_ms - o.dispatched_ms AS arrivalMs,
         d.accepted_ms - o.dispatched_ms AS acceptanceMs
       FROM register_entry AS r JOIN document AS o ON o.id = r.document
         JOIN delivery AS d ON d.document = r.document
       WHERE r.month BETWEEN ? AND ?
         AND (d.arrived_ms IS NOT NULL OR d.accepted_ms IS NOT NULL)`,
    );
    this.#voids = db.prepare<[string, string], VoidNumber>(
      `SELECT agency, month, year, number, reason FROM register_entry
       WHERE month BETWEEN ? AND ? AND kind = 'void' ORDER BY agency, year, number`,
    );
    this.#gaps = db.prepare<[], RegisterGap>(
      `SELECT agency, year, first_number AS first, last_number AS last,
         (SELECT r.month FROM register_entry AS r WHERE r.agency = g.agency AND r.year = g.year
            AND r.number < g.first_number AND r.kind <> 'void'
          ORDER BY r.number DESC LIMIT 1) AS monthBefore,
         (SELECT r.month FROM register_entry AS r WHERE r.agency = g.agency AND r.year = g.year
            AND r.number > g.last_number AND r.kind <> 'void'
          ORDER BY r.number LIMIT 1) AS monthAfter
       FROM register_gap AS g ORDER BY agency, year, first_number`,
    );
    this.#missing = db.prepare<[], MissingReports>(
      `SELECT agency, first_number AS first, last_number AS last,
         (SELECT r.at_ms FROM report AS r
          WHERE r.agency = m.agency AND r.number = m.last_number + 1) AS nextAtMs
       FROM missing_report AS m ORDER BY agency, first_number`,
    );
    this.#reported = db
      .prepare<[string, number, number], number>(
        'SELECT 1 FROM report WHERE agency = ? AND at_ms >= ? AND at_ms < ? LIMIT 1',
      )
      .pluck();
    this.#entered = db
      .prepare<[string, string], string>(
        'SELECT DISTINCT agency FROM register_entry WHERE month BETWEEN ? AND ?',
      )
      .pluck();
  }

  /** Documents without any receipt that were dispatched before `cutOffMs` are marked undelivered. */
  documents(from: string, to: string, cutOffMs: number): DocumentCount[] {
    return this.#documents.all(cutOffMs, from, to);
  }

  deliveries(from: string, to: string): DeliveryCount[] {
    return this.#deliveries.all(from, to);
  }

  times(from: string, to: string): IterableIterator<DeliveryTime> {
    return this.#times.iterate(from, to);
  }

  voids(from: string, to: string): VoidNumber[] {
    return this.#voids.all(from, to);
  }

  gaps(): RegisterGap[] {
    return this.#gaps.all();
  }

  missingReports(): MissingReports[] {
    return this.#missing.all();
  }

  /** Whether the agency made any report in `[fromMs, toMs)`. */
  hasReported(agency: string, fromMs: number, toMs: number): boolean {
    return this.#reported.get(agency, fromMs, toMs) === 1;
  }

  /** Agencies with any register entry of these months, whenever they reported it. */
  agenciesWithEntries(from: string, to: string): Set<string> {
    return new Set(this.#entered.all(from, to));
  }
}
