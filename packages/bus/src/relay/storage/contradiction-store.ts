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
  /** The agency has as many waiting for the document as may; it stays in the chain, and counts nowhere. */
  'RECEIPT_EARLY_EXCESS',
  /** What came behind a report does not belong to it; the report counts, the rest is dropped. */
  'OPEN_PART_UNFIT',
] as const;
/**
 * Contradictions of one kind that are kept of an agency. A fork holds a signed record of up to some
 * kilobytes, and whoever has the agency's key can sign them without end.
 */
export const MAX_CONTRADICTIONS_KEPT = 1_000;
/**
 * Further ones of a kind that comes again with its record, of an agency; 60 bytes each. With these the
 * count is that of different ones, in whatever order and however often they come; it stops here.
 */
export const MAX_FURTHER_REMEMBERED = 10_000;
/** Found in a record that is not taken in as new, so found again whenever it is sent again. */
const FOUND_AGAIN: readonly string[] = ['CHAIN_FORK', 'OPEN_PART_UNFIT'];
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
    const { agency, kind } = contradiction;
    const { standing, count, contradict } = this.#statements;
    const before = standing.get(agency, kind) ?? { kept: 0, further: 0 };
    if (before.kept >= MAX_CONTRADICTIONS_KEPT) {
      const further = this.#countFurther(contradiction, before.further);
      if (further !== undefined) count.run({ agency, kind, kept: 0, further, nowMs });
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

  /** @returns what to count for it; `undefined` when it is known to be counted. */
  #countFurther(contradiction: Contradiction, further: number): 0 | 1 | undefined {
    const { agency, kind, reportNumber, payloadHash } = contradiction;
    if (this.#statements.isKept.get(agency, reportNumber, payloadHash, kind) !== undefined) {
      return undefined;
    }
    if (!FOUND_AGAIN.includes(kind)) return 1;
    const key = [agency, kind, reportNumber, Buffer.from(payloadHash, 'hex')] as const;
    if (this.#statements.isRemembered.get(...key) !== undefined) return undefined;
    if (further >= MAX_FURTHER_REMEMBERED) return 0; // the alert hears of it all the same
    this.#statements.remember.run(...key);
    return 1;
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
    standing: db.prepare<[string, string], { kept: number; further: number }>(
      'SELECT kept, further FROM contradiction_count WHERE agency = ? AND kind = ?',
    ),
    isRemembered: db.prepare<[string, string, number, Uint8Array], 1>(
      `SELECT 1 FROM counted_contradiction
       WHERE agency = ? AND kind = ? AND report_number = ? AND payload_hash = ?`,
    ),
    remember: db.prepare<[string, string, number, Uint8Array]>(
      'INSERT INTO counted_contradiction VALUES (?, ?, ?, ?)',
    ),
    count: db.prepare<
      [{ agency: string; kind: string; kept: 0 | 1; further: 0 | 1; nowMs: number }]
    >(
      `INSERT INTO contradiction_count VALUES (@agency, @kind, @kept, @further, @nowMs)
       ON CONFLICT DO UPDATE SET kept = kept + excluded.kept, further = further + excluded.further,
         last_ms = excluded.last_ms`,
    ),
  };
}
