import type { DocumentFacts } from '../figures/contribution.ts';
import type { Db } from './database.ts';

/** A document with a delivery that nobody answered. */
export interface SettlingDocument extends DocumentFacts {
  readonly sender: string;
  readonly issuedOn: string;
  readonly documentType: string;
  readonly priority: number;
}

/** What the sweep at the start of a day reads. */
export class FigureSweepStore {
  readonly #unanswered;
  readonly #momentAfter;

  constructor(db: Db) {
    this.#unanswered = db.prepare<
      [number, number],
      Omit<SettlingDocument, 'signed'> & { signed: 0 | 1 }
    >(
      `SELECT sender, issued_on AS issuedOn, document_type AS documentType, priority, signed,
         share_class AS shareClass, dispatched_ms AS dispatchedMs, delivery_count AS deliveryCount,
         receipted_count AS receiptedCount, withdrawn_count AS withdrawnCount,
         paper_count AS paperCount
       FROM document WHERE receipted_count < delivery_count AND dispatched_ms >= ?
         AND dispatched_ms < ? AND counted = 1`,
    );
    this.#momentAfter = db
      .prepare<[number, number], number>(
        `SELECT dispatched_ms FROM document
         WHERE receipted_count < delivery_count AND dispatched_ms >= ?
         ORDER BY dispatched_ms LIMIT 1 OFFSET ?`,
      )
      .pluck();
  }

  /** Counted documents dispatched in `[fromMs, toMs)` that lack a receipt; nothing is written meanwhile. */
  *unanswered(fromMs: number, toMs: number): Generator<SettlingDocument> {
    for (const row of this.#unanswered.iterate(fromMs, toMs)) {
      yield { ...row, signed: row.signed === 1 };
    }
  }

  /** A moment with about `count` such documents before it, not before `fromMs`; `undefined`: fewer. */
  momentAfter(fromMs: number, count: number): number | undefined {
    const moment = this.#momentAfter.get(fromMs, count);
    return moment === undefined ? undefined : moment + 1;
  }
}
