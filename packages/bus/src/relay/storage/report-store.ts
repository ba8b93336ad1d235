import { type NumberRange, admitNumber } from '../number-series.ts';
import { type Contradiction, ContradictionStore } from './contradiction-store.ts';
import type { Db } from './database.ts';
import { packRecord } from './record-pack.ts';

/** A report whose signature was verified. */
export interface VerifiedReport {
  readonly agency: string;
  readonly number: number;
  readonly payloadHash: string;
  readonly previousHash: string | null;
  readonly atMs: number;
  readonly storedMs: number;
  /** The signed record as received. */
  readonly record: Uint8Array;
}

/** `fork`: another record of the same number came first, and counts. */
export type Admission = 'new' | 'duplicate' | 'fork';

export type Admitted =
  | { readonly admission: 'new'; /** Row of the report. */ readonly id: number }
  | { readonly admission: 'duplicate' | 'fork' };

/** How far the relay has an agency's chain. */
export interface ChainState {
  readonly upTo: number;
  readonly upToHash: string | null;
  readonly highest: number;
  /** The first record whose `previous` is not the hash of the one before. */
  readonly brokenAt: number | null;
  /** Goes up with every change that the agency should hear of. */
  readonly revision: number;
}

/** The record of an agency that its later ones are deflated against. */
interface WholeRecord {
  readonly id: number;
  readonly record: Uint8Array;
}

interface InsertedReport {
  readonly agency: string;
  readonly number: number;
  readonly payloadHash: Uint8Array;
  readonly previousHash: Uint8Array | null;
  readonly atMs: number;
  readonly storedMs: number;
  readonly base: number | null;
  readonly record: Uint8Array;
}

interface Link {
  readonly payloadHash: string;
  readonly previousHash: string | null;
  readonly atMs: number;
}

/** An agency sets its clock right now and then; a step back of more than this is told. */
const CLOCK_STEP_BACK_MS = 5 * 60_000;

/** The broker stored it so long after the time that it states. */
const LATE_AFTER_MS = 24 * 60 * 60_000;
/** About a kilobyte each; every agency of the country. */
const MAX_CACHED_BASES = 20_000;

const NO_CHAIN: ChainState = { upTo: 0, upToHash: null, highest: 0, brokenAt: null, revision: 0 };

/** Signed reports and the chain of each agency. Every call belongs inside a transaction. */
export class ReportStore {
  readonly #statements;
  readonly #bases = new Map<string, WholeRecord>();
  readonly #contradictions: ContradictionStore;
  readonly #packs: boolean;

  /** @param packs - false where nobody keeps the database: then it only costs time. */
  constructor(db: Db, packs = true) {
    this.#packs = packs;
    this.#contradictions = new ContradictionStore(db);
    this.#statements = { ...prepare(db), ...prepareMissing(db), ...prepareArrivals(db) };
  }

  /** Keeps a verified report and moves its agency's chain forward as far as it links. */
  admit(report: VerifiedReport, nowMs: number): Admitted {
    const before = this.chain(report.agency);
    const isBeyond = report.number > before.highest;
    const known = isBeyond ? undefined : this.#statements.link.get(report.agency, report.number);
    if (known !== undefined) {
      if (known.payloadHash === report.payloadHash) {
        this.#statements.markDue.run(report.agency); // it repeats itself since it missed our answer
        return { admission: 'duplicate' };
      }
      this.#addFork(report, known.payloadHash, nowMs);
      return { admission: 'fork' };
    }
    const base = this.#packs ? this.#baseOf(report.agency) : undefined;
    const id = this.#insert(report, before, base);
    this.#advance(report, before, nowMs);
    if (base === undefined && this.#packs)
      this.#statements.setBase.run(report.agency, report.number, report.agency);
    return { admission: 'new', id };
  }

  /** What was written since the last commit is gone: nothing may be deflated against it. */
  forget(): void {
    this.#bases.clear();
  }

  #baseOf(agency: string): WholeRecord | undefined {
    const known = this.#bases.get(agency) ?? this.#statements.base.get(agency);
    if (known === undefined) return undefined;
    if (this.#bases.size >= MAX_CACHED_BASES) this.#bases.clear();
    this.#bases.set(agency, known);
    return known;
  }

  chain(agency: string): ChainState {
    return this.#statements.chain.get(agency) ?? NO_CHAIN;
  }

  /** What the report that counts hashes to. */
  payloadHash(agency: string, number: number): string | undefined {
    return this.#statements.link.get(agency, number)?.payloadHash;
  }

  /** When the broker stored the copy that counts. */
  storedMs({ agency, number }: Pick<VerifiedReport, 'agency' | 'number'>): number | undefined {
    return this.#statements.storedMs.get(agency, number);
  }

  /** Signed records of an agency in order, from one number on, as many as fit. */
  recordsFrom(agency: string, first: number, maxBytes: number): Uint8Array[] {
    const records: Uint8Array[] = [];
    let bytes = 0;
    for (const record of this.#statements.records.iterate(agency, first)) {
      bytes += record.length;
      if (bytes > maxBytes && records.length > 0) break;
      records.push(record);
    }
    return records;
  }

  /** How many reports there are, by the highest number of each agency. */
  reportCount(): number {
    return this.#statements.reportCount.get() ?? 0;
  }

  /** Every agency hears at the next chance how far the relay is. */
  announceAll(): void {
    this.#statements.announceAll.run();
  }

  missing(agency: string, limit: number): NumberRange[] {
    return this.#statements.missing
      .all(agency, limit)
      .map(({ first, last }) => [first, last] as const);
  }

  addContradiction(contradiction: Contradiction, nowMs: number): void {
    this.#contradictions.add(contradiction, nowMs);
  }

  /** The agencies whose watermark does not say yet what the relay has. */
  watermarksDue(): string[] {
    return this.#statements.due.all();
  }

  /** Asks again for what is still missing. */
  remindMissing(publishedBeforeMs: number): number {
    return this.#statements.remind.run(publishedBeforeMs).changes;
  }

  /** A record that came while the watermark was on its way raised the revision: it stays due. */
  watermarkPublished(agency: string, revision: number, nowMs: number): void {
    this.#statements.published.run(revision, nowMs, agency);
  }

  #addFork(report: VerifiedReport, firstHash: string, nowMs: number): void {
    const { agency, number, payloadHash, record } = report;
    const detail = `report ${number} hashes to ${payloadHash}, but ${firstHash} came first`;
    this.#contradictions.add(
      { kind: 'CHAIN_FORK', agency, reportNumber: number, payloadHash, detail, record },
      nowMs,
      { storedMs: report.storedMs, afterReport: this.#statements.lastId.get() ?? 0 },
    );
    this.#statements.markDue.run(agency);
  }

  /** A link that holds is not written down: the report before has the hash. */
  #insert(report: VerifiedReport, { upTo, upToHash }: ChainState, base?: WholeRecord): number {
    const { agency, number, payloadHash, previousHash, atMs, storedMs, record } = report;
    const isLinked = number === upTo + 1 && previousHash === upToHash;
    const packed = base && packRecord(record, base.record);
    const { lastInsertRowid } = this.#statements.insert.run({
      agency,
      number,
      payloadHash: Buffer.from(payloadHash, 'hex'),
      previousHash: isLinked || previousHash === null ? null : Buffer.from(previousHash, 'hex'),
      atMs,
      storedMs,
      base: packed === undefined ? null : (base?.id ?? null),
      record: packed ?? record,
    });
    if (storedMs - atMs > LATE_AFTER_MS) this.#statements.addLate.run(lastInsertRowid);
    return Number(lastInsertRowid);
  }

  #advance(report: VerifiedReport, before: ChainState, nowMs: number): void {
    const { agency, number } = report;
    const open =
      number > before.highest ? undefined : this.#statements.missingAround.get(agency, number);
    const range: NumberRange | undefined =
      open !== undefined && number <= open.last ? [open.first, open.last] : undefined;
    const change = admitNumber(before.highest, range, number);
    if (change.closed !== undefined) this.#statements.closeMissing.run(agency, change.closed[0]);
    for (const [first, last] of change.opened) {
      this.#statements.openMissing.run(agency, first, last);
    }
    const after = this.#follow(report, { ...before, highest: change.highest }, nowMs);
    const { upTo, upToHash, highest, brokenAt } = after;
    this.#statements.saveChain.run(agency, upTo, upToHash, highest, brokenAt);
  }

  /** The report just kept may be the next one, and those after it may be there already. */
  #follow(report: VerifiedReport, chain: ChainState, nowMs: number): ChainState {
    const { agency } = report;
    let { upTo, upToHash } = chain;
    if (chain.brokenAt !== null || upTo + 1 !== report.number) return chain;
    let previousMs = this.#statements.atMs.get(agency, upTo) ?? 0;
    let next: Link | undefined = report;
    for (;;) {
      if (next === undefined) return { ...chain, upTo, upToHash };
      if (next.previousHash !== upToHash) {
        this.#addBreak(agency, upTo + 1, next, upToHash, nowMs);
        return { ...chain, upTo, upToHash, brokenAt: upTo + 1 };
      }
      if (next.atMs < previousMs - CLOCK_STEP_BACK_MS) {
        this.#addBackdated(agency, upTo + 1, next, previousMs, nowMs);
      }
      upTo += 1;
      upToHash = next.payloadHash;
      previousMs = next.atMs;
      next = upTo < chain.highest ? this.#statements.link.get(agency, upTo + 1) : undefined;
    }
  }

  #addBreak(agency: string, number: number, link: Link, found: string | null, nowMs: number): void {
    const said = link.previousHash ?? 'nothing';
    const detail = `report ${number} follows ${said}, but report ${number - 1} hashes to ${found ?? 'nothing'}`;
    const { payloadHash } = link;
    this.addContradiction(
      { kind: 'CHAIN_BROKEN', agency, reportNumber: number, payloadHash, detail, record: null },
      nowMs,
    );
  }

  #addBackdated(
    agency: string,
    reportNumber: number,
    { atMs, payloadHash }: Link,
    previousMs: number,
    nowMs: number,
  ): void {
    const [at, previousAt] = [atMs, previousMs].map((ms) => new Date(ms).toISOString());
    const detail = `report ${reportNumber} says ${at}, but report ${reportNumber - 1} before it ${previousAt}`;
    this.addContradiction(
      { kind: 'REPORT_BACKDATED', agency, reportNumber, payloadHash, detail, record: null },
      nowMs,
    );
  }
}

function prepare(db: Db) {
  return {
    link: db.prepare<[string, number], Link>(
      `SELECT payload_hash AS payloadHash, previous_hash AS previousHash, at_ms AS atMs
       FROM report WHERE agency = ? AND number = ?`,
    ),
    atMs: db
      .prepare<[string, number], number>(
        'SELECT at_ms FROM stored_report WHERE agency = ? AND number = ?',
      )
      .pluck(),
    base: db.prepare<[string], WholeRecord>(
      `SELECT s.id, s.record FROM chain AS c JOIN stored_report AS s ON s.id = c.base
       WHERE c.agency = ?`,
    ),
    setBase: db.prepare<[string, number, string]>(
      `UPDATE chain SET base =
         (SELECT id FROM stored_report WHERE agency = ? AND number = ? AND base IS NULL)
       WHERE agency = ?`,
    ),
    insert: db.prepare<[InsertedReport]>(
      `INSERT INTO stored_report
         (agency, number, payload_hash, previous_hash, at_ms, stored_ms, base, record)
       VALUES (@agency, @number, @payloadHash, @previousHash, @atMs, @storedMs, @base, @record)`,
    ),
    chain: db.prepare<[string], ChainState>(
      `SELECT up_to AS upTo, up_to_hash AS upToHash, highest, broken_at AS brokenAt, revision
       FROM chain WHERE agency = ?`,
    ),
    saveChain: db.prepare<[string, number, string | null, number, number | null]>(
      `INSERT INTO chain (agency, up_to, up_to_hash, highest, broken_at, revision)
       VALUES (?, ?, ?, ?, ?, 1)
       ON CONFLICT (agency) DO UPDATE SET up_to = excluded.up_to, up_to_hash = excluded.up_to_hash,
         highest = excluded.highest, broken_at = excluded.broken_at, revision = revision + 1`,
    ),
    markDue: db.prepare<[string]>('UPDATE chain SET revision = revision + 1 WHERE agency = ?'),
    storedMs: db
      .prepare<[string, number], number>(
        'SELECT stored_ms FROM stored_report WHERE agency = ? AND number = ?',
      )
      .pluck(),
    records: db
      .prepare<[string, number], Uint8Array>(
        'SELECT record FROM report WHERE agency = ? AND number >= ? ORDER BY number',
      )
      .pluck(),
    reportCount: db.prepare<[], number>('SELECT coalesce(sum(highest), 0) FROM chain').pluck(),
    announceAll: db.prepare('UPDATE chain SET revision = revision + 1'),
    due: db
      .prepare<[], string>('SELECT agency FROM chain WHERE watermark_revision < revision')
      .pluck(),
    remind: db.prepare<[number]>(
      `UPDATE chain SET revision = revision + 1
       WHERE watermark_revision = revision AND watermark_published_ms < ?
         AND agency IN (SELECT agency FROM missing_report)`,
    ),
    published: db.prepare<[number, number, string]>(
      `UPDATE chain SET watermark_revision = max(watermark_revision, ?), watermark_published_ms = ?
       WHERE agency = ?`,
    ),
  };
}

function prepareMissing(db: Db) {
  return {
    missing: db.prepare<[string, number], { first: number; last: number }>(
      `SELECT first_number AS first, last_number AS last FROM missing_report
       WHERE agency = ? ORDER BY first_number LIMIT ?`,
    ),
    missingAround: db.prepare<[string, number], { first: number; last: number }>(
      `SELECT first_number AS first, last_number AS last FROM missing_report
       WHERE agency = ? AND first_number <= ? ORDER BY first_number DESC LIMIT 1`,
    ),
    openMissing: db.prepare<[string, number, number]>(
      'INSERT INTO missing_report (agency, first_number, last_number) VALUES (?, ?, ?)',
    ),
    closeMissing: db.prepare<[string, number]>(
      'DELETE FROM missing_report WHERE agency = ? AND first_number = ?',
    ),
  };
}

function prepareArrivals(db: Db) {
  return {
    addLate: db.prepare<[number | bigint]>('INSERT INTO late_report (report) VALUES (?)'),
    lastId: db.prepare<[], number>('SELECT max(id) FROM report').pluck(),
  };
}
