import type { AgencyCode } from '../../agency/code.ts';
import type { CountedEntry } from '../figures/tracked-figures.ts';
import type { Db } from './database.ts';
import { ALL_CHANGED } from './figure-store.ts';

export type RegisterKey = readonly [agency: string, year: number, number: number];

export interface KeyedEntry extends CountedEntry {
  readonly year: number;
  readonly number: number;
}

interface PlaceText {
  readonly agency: string;
  readonly then_above: string;
  readonly now_above: string;
  readonly now_code: string;
}

/** How far adding up anew has come. */
export interface BuildCursor {
  readonly phase: 'entries' | 'reports' | 'gaps';
  readonly agency: string;
  readonly year: number;
  readonly number: number;
  readonly report: number;
  readonly done: number;
  readonly total: number;
}

const ROLLUPS = ['own_day', 'own', 'own_part', 'group', 'sum', 'gap', 'gap_sum'];

/** What adding the figures up anew reads and writes; calls that write belong in a transaction. */
export class FigureRebuildStore {
  readonly #db: Db;
  readonly #statements;

  constructor(db: Db) {
    this.#db = db;
    this.#statements = prepare(db);
  }

  /**
   * Leaves the places of agencies: what is added up anew goes where they say. Leaves the days on which
   * they were heard of, too: nothing takes one back, and some are of entries that hold no number now.
   */
  clear(): void {
    for (const name of ROLLUPS) this.#db.exec(`DELETE FROM figure_${name}`);
    this.#db.exec('UPDATE figure_state SET built = 0, contradiction = 0, duplicate = 0');
    this.#db.exec(
      `INSERT OR REPLACE INTO figure_build SELECT 1, 'entries', '', 0, 0, 0, 0,
         (SELECT count(*) FROM register_entry) + (SELECT count(*) FROM stored_report)`,
    );
    this.#tellAll();
  }

  /** Where to go on; `undefined` before {@link clear} and after {@link end}. */
  cursor(): BuildCursor | undefined {
    return this.#statements.cursor.get();
  }

  moveTo(cursor: BuildCursor): void {
    this.#statements.moveTo.run(cursor);
  }

  /** All is added up. */
  end(): void {
    this.#db.exec('DELETE FROM figure_build');
    this.#db.exec('UPDATE figure_state SET built = 1');
    this.#tellAll();
  }

  /** Who keeps figures in memory reads them again. */
  #tellAll(): void {
    this.#db.prepare("INSERT INTO figure_change (bucket, agency) VALUES (?, '')").run(ALL_CHANGED);
  }

  entriesAfter([agency, year, number]: RegisterKey, limit: number): KeyedEntry[] {
    return this.#statements.entries.all(agency, year, number, limit);
  }

  /** Agencies and the moments that their reports state, in order of arrival. */
  reportsAfter(id: number, limit: number): { id: number; agency: string; atMs: number }[] {
    return this.#statements.reports.all(id, limit);
  }

  /** Directory entries whose successors were not read out of their record yet. */
  entriesWithoutSuccessors(): { registrar: string; sequence: number; record: Buffer }[] {
    return this.#statements.unread.all();
  }

  setSuccessors(registrar: string, sequence: number, codes: readonly AgencyCode[]): void {
    this.#statements.setSuccessors.run(JSON.stringify(codes), registrar, sequence);
  }

  /** Takes the list of codes whose entry changed. */
  takeChangedCodes(): Set<string> {
    const codes = new Set(this.#statements.changed.all());
    if (codes.size > 0) this.#statements.dropChanged.run();
    return codes;
  }

  putOnList(agency: string): void {
    this.#statements.putOnList.run(agency);
  }

  takeOffList(agency: string): void {
    this.#statements.takeOffList.run(agency);
  }

  onList(limit: number): string[] {
    return this.#statements.onList.all(limit);
  }

  placeTexts(): IterableIterator<PlaceText> {
    return this.#statements.placeTexts.iterate();
  }

  /** Every entry that names a successor. */
  succeeded(): { code: string; successors: string }[] {
    return this.#statements.succeeded.all();
  }
}

function prepare(db: Db) {
  return {
    cursor: db.prepare<[], BuildCursor>(
      'SELECT phase, agency, year, number, report, done, total FROM figure_build',
    ),
    moveTo: db.prepare<[BuildCursor]>(
      `UPDATE figure_build SET phase = @phase, agency = @agency, year = @year, number = @number,
         report = @report, done = @done`,
    ),
    entries: db.prepare<[string, number, number, number], KeyedEntry>(
      `SELECT r.agency, r.year, r.number, r.kind, r.issued_on AS issuedOn, r.document,
         r.document_type AS documentType, p.at_ms AS reportedMs,
         coalesce(json_array_length(r.paper_to), 0) AS paperCount
       FROM register_entry AS r
         JOIN report AS p ON p.agency = r.agency AND p.number = r.report_number
       WHERE (r.agency, r.year, r.number) > (?, ?, ?) ORDER BY r.agency, r.year, r.number LIMIT ?`,
    ),
    reports: db.prepare<[number, number], { id: number; agency: string; atMs: number }>(
      'SELECT id, agency, at_ms AS atMs FROM report WHERE id > ? ORDER BY id LIMIT ?',
    ),
    unread: db.prepare<[], { registrar: string; sequence: number; record: Buffer }>(
      'SELECT registrar, sequence, record FROM directory_entry WHERE successors IS NULL',
    ),
    setSuccessors: db.prepare<[string, string, number]>(
      'UPDATE directory_entry SET successors = ? WHERE registrar = ? AND sequence = ?',
    ),
    changed: db.prepare<[], string>('SELECT code FROM figure_directory_change').pluck(),
    dropChanged: db.prepare('DELETE FROM figure_directory_change'),
    putOnList: db.prepare<[string]>('INSERT OR IGNORE INTO figure_rebuild VALUES (?)'),
    takeOffList: db.prepare<[string]>('DELETE FROM figure_rebuild WHERE agency = ?'),
    onList: db.prepare<[number], string>('SELECT agency FROM figure_rebuild LIMIT ?').pluck(),
    placeTexts: db.prepare<[], PlaceText>(
      'SELECT agency, then_above, now_above, now_code FROM figure_place',
    ),
    succeeded: db.prepare<[], { code: string; successors: string }>(
      "SELECT code, successors FROM directory_entry WHERE successors <> '[]'",
    ),
  };
}
