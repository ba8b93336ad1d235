import type { Db } from './database.ts';

export const CONTRADICTION_KINDS = [
  'CHAIN_FORK',
  'CHAIN_BROKEN',
  'DOCUMENT_REDISPATCHED',
  'REGISTER_NUMBER_REUSED',
  'REPORT_BACKDATED',
  'NUMBER_BACKDATED',
  'RECEIPT_NOT_ADDRESSED',
  'RECEIPT_DIGEST_MISSING',
  'RECEIPT_DIGEST_DIFFERS',
  /** What came behind a report does not belong to it; the report counts, the rest is dropped. */
  'OPEN_PART_UNFIT',
] as const;
/**
 * Contradictions of one kind that are kept of an agency. A fork holds a signed record of up to some
 * kilobytes, and whoever has the agency's key can sign them without end.
 */
export const MAX_CONTRADICTIONS_KEPT = 1_000;
export type ContradictionKind = (typeof CONTRADICTION_KINDS)[number];

export interface Contradiction {
  readonly kind: ContradictionKind;
  readonly agency: string;
  readonly reportNumber: number;
  readonly payloadHash: string;
  readonly detail: string;
  /** `null` when the record itself stands among the counted reports. */
  readonly record: Uint8Array | null;
}

/** What the broker knew of a second record of a number, beside the record itself. */
export interface ForkArrival {
  readonly storedMs: number;
  /** The last `report.id` before it. */
  readonly afterReport: number;
}

/** Well-signed statements that contradict an earlier one. Writing belongs inside a transaction. */
export class ContradictionStore {
  readonly #statements;

  constructor(db: Db) {
    this.#statements = prepare(db);
  }

  /** Keeps it, unless {@link MAX_CONTRADICTIONS_KEPT} of its kind are: then it is only counted. */
  add(contradiction: Contradiction, nowMs: number, fork?: ForkArrival): void {
    const { agency, kind, reportNumber, payloadHash } = contradiction;
    const { kept, count, isKept, contradict } = this.#statements;
    if ((kept.get(agency, kind) ?? 0) >= MAX_CONTRADICTIONS_KEPT) {
      const isNew = isKept.get(agency, reportNumber, payloadHash, kind) === undefined;
      if (isNew) count.run({ agency, kind, kept: 0, further: 1, nowMs });
      return;
    }
    const { changes } = contradict.run({
      ...contradiction,
      nowMs,
      storedMs: fork?.storedMs ?? null,
      afterReport: fork?.afterReport ?? null,
    });
    if (changes > 0) count.run({ agency, kind, kept: 1, further: 0, nowMs });
  }
}

function prepare(db: Db) {
  return {
    contradict: db.prepare<
      [Contradiction & { nowMs: number; storedMs: number | null; afterReport: number | null }]
    >(
      `INSERT OR IGNORE INTO contradiction (kind, agency, report_number, payload_hash, detail,
         found_ms, record, stored_ms, after_report)
       VALUES (@kind, @agency, @reportNumber, @payloadHash, @detail, @nowMs, @record, @storedMs,
         @afterReport)`,
    ),
    isKept: db.prepare<[string, number, string, string], 1>(
      `SELECT 1 FROM contradiction
       WHERE agency = ? AND report_number = ? AND payload_hash = ? AND kind = ?`,
    ),
    kept: db
      .prepare<[string, string], number>(
        'SELECT kept FROM contradiction_count WHERE agency = ? AND kind = ?',
      )
      .pluck(),
    count: db.prepare<
      [{ agency: string; kind: string; kept: 0 | 1; further: 0 | 1; nowMs: number }]
    >(
      `INSERT INTO contradiction_count VALUES (@agency, @kind, @kept, @further, @nowMs)
       ON CONFLICT DO UPDATE SET kept = kept + excluded.kept, further = further + excluded.further,
         last_ms = excluded.last_ms`,
    ),
  };
}
