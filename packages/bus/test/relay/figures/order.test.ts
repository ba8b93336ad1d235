import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { BusError, TIERS, type DirectoryEntry, encodePayload } from '../../../src/index.ts';
import type { FiguresRequest, TimeFigures } from '../../../src/relay/figures/types.ts';
import { Intake } from '../../../src/relay/intake.ts';
import { DatabaseQueries } from '../../../src/relay/queries.ts';
import {
  type Db,
  openDatabase,
  openDatabaseForReading,
} from '../../../src/relay/storage/database.ts';
import { DirectoryStore } from '../../../src/relay/storage/directory-store.ts';
import { Chance } from '../../../src/testing/chance.ts';
import type { Report } from '../relay-database.ts';
import { Oracle, type OracleScope } from './oracle.ts';
import { type RandomRecords, makeRecords, shuffle } from './random-records.ts';

const TODAY = '2026-06-05';
const AT = new Date(`${TODAY}T02:00:00.000Z`);
const PERIODS = [
  ['2026-04', '2026-04-01', '2026-04-30'],
  ['2026-05', '2026-05-01', '2026-05-31'],
  ['2026-W19', '2026-05-04', '2026-05-10'],
  ['2026', '2026-01-01', '2026-12-31'],
  ['2026-04-20..2026-05-12', '2026-04-20', '2026-05-12'],
] as const;
const SCOPES: readonly Omit<OracleScope, 'from' | 'to'>[] = [
  {},
  ...TIERS.map((tier) => ({ tier })),
  { agency: 'H09.12.001' },
  { agency: 'H09.12.002', urgency: 'urgent' },
  { under: 'H09' },
  { under: 'H09', tier: 'commune' },
  { under: 'H09.12' },
  { under: 'H10' },
  { under: 'H10', documentType: 'Báo cáo' },
  { documentType: 'Công văn', urgency: 'normal' },
  { documentType: 'other' },
];

class Killed extends Error {}

/** A relay's file that is opened, filled, left in the middle of a transaction, and opened again. */
class Filling implements Disposable {
  readonly #folder = mkdtempSync(join(tmpdir(), 'congvan-figures-'));
  #db: Db | undefined;

  get db(): Db {
    this.#db ??= openDatabase(this.file);
    return this.#db;
  }

  get file(): string {
    return join(this.#folder, 'relay.sqlite');
  }

  fill(records: RandomRecords, chance: Chance, onCommit: () => void = () => undefined): void {
    const { reports, directory } = records;
    const again = reports.filter(() => chance.next() < 0.1);
    const items = shuffle<Report | DirectoryEntry>([...reports, ...again, ...directory], chance);
    let intake = this.#open();
    for (let at = 0; at < items.length;) {
      const batch = items.slice(at, at + chance.between(1, 40));
      at += batch.length;
      const isLost = chance.next() < 0.2;
      if (isLost) {
        try {
          this.#take(intake, batch, true);
        } catch (error) {
          if (!(error instanceof Killed)) throw error;
        }
        this.close();
        intake = this.#open();
      }
      this.#take(intake, batch, false);
      if (chance.next() < 0.3) intake.upkeep.run();
      onCommit();
    }
    intake.upkeep.run();
  }

  close(): void {
    this.#db?.close();
    this.#db = undefined;
  }

  [Symbol.dispose](): void {
    this.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #open(): Intake {
    return new Intake(this.db, () => AT);
  }

  #take(intake: Intake, batch: readonly (Report | DirectoryEntry)[], isKilled: boolean): void {
    intake.inTransaction(() => {
      for (const item of batch) {
        if ('verified' in item) intake.take({ report: item.verified, entry: item.entry });
        else this.#enter(item);
      }
      intake.figures.flush();
      if (isKilled) throw new Killed();
    });
  }

  /** As the directory's copy does: the entry with the highest sequence holds. */
  #enter(entry: DirectoryEntry): void {
    const directory = new DirectoryStore(this.db);
    const { registrar, sequence, code, site } = entry;
    const record = encodePayload('directory', entry);
    const standing = { registrar, sequence, code, site, basedOn: null, counts: true };
    directory.put({ ...standing, entry, record });
    const holder = directory.holderOf(code);
    if (holder === undefined || holder.sequence < sequence) {
      directory.setHolder(code, { registrar, sequence });
    }
  }
}

function* questions(): Generator<[FiguresRequest, OracleScope]> {
  for (const [period, from, to] of PERIODS) {
    for (const scope of SCOPES) {
      for (const structure of ['then', 'now'] as const) {
        yield [
          { ...scope, structure, period },
          { ...scope, structure, from, to },
        ];
      }
    }
  }
}

function isAnswered(queries: DatabaseQueries, request: FiguresRequest): boolean {
  try {
    queries.figures(request);
    return true;
  } catch (error) {
    if (error instanceof BusError) return false;
    throw error;
  }
}

function answerOf(queries: DatabaseQueries, request: FiguresRequest, way: number): unknown {
  if (way === 0) return queries.figures(request);
  if (way === 1) return queries.breakdown({ ...request, by: 'agency', sort: '-missing_numbers' });
  if (way === 2) return queries.breakdown({ ...request, by: 'agency', sort: 'name', limit: 3 });
  return queries.breakdown({ ...request, by: 'week' });
}

function answersOf(db: Db): unknown[] {
  const queries = new DatabaseQueries(db, () => AT);
  return [...questions()].map(([request]) => {
    const { as_of: _, ...answer } = queries.figures(request);
    return [answer, queries.breakdown({ ...request, by: 'agency' }).rows];
  });
}

/** Whether median and 95th percentile are those by nearest rank, or at most 1/64 above them. */
function fits(found: TimeFigures | null, sorted: readonly number[]): boolean {
  if (found === null || sorted.length === 0) return found === null && sorted.length === 0;
  const isNear = (value: number, part: number): boolean => {
    const exact = sorted[Math.ceil(part * sorted.length) - 1] ?? Number.NaN;
    return value >= exact && value <= exact * (1 + 1 / 64);
  };
  return isNear(found.median, 0.5) && isNear(found.p95, 0.95);
}

describe('the figures of a set of records', () => {
  it.each([1, 2, 3])('equal what plain loops over all records give (set %i)', (seed) => {
    const records = makeRecords(seed);
    using filling = new Filling();
    filling.fill(records, new Chance(seed));
    const queries = new DatabaseQueries(filling.db, () => AT);
    const oracle = new Oracle(records.reports, records.directory, TODAY);
    for (const [request, scope] of questions()) {
      const { time_to_01_ms, time_to_03_ms, time_to_06_ms, ...figures } =
        queries.figures(request).figures;
      const { times, ...expected } = oracle.figures(scope);
      const found = [
        fits(time_to_01_ms, times['01']),
        fits(time_to_03_ms, times['03']),
        fits(time_to_06_ms, times['06']),
      ];
      expect({ request, figures, found }).toEqual({
        request,
        figures: expected,
        found: [true, true, true],
      });
    }
  });

  it('do not depend on order, batches, duplicates, or transactions that were lost', () => {
    const records = makeRecords(9);
    const answers = [11, 12, 13].map((seed) => {
      using filling = new Filling();
      filling.fill(records, new Chance(seed));
      return answersOf(filling.db);
    });
    expect(answers[1]).toEqual(answers[0]);
    expect(answers[2]).toEqual(answers[0]);
  });

  it('are the same for a reader that stays open while records, entries and days come', () => {
    using filling = new Filling();
    filling.db.pragma('user_version'); // there is a file to open
    const reading = openDatabaseForReading(filling.file);
    const open = new DatabaseQueries(reading, () => AT);
    const chance = new Chance(4);
    const asked = [...questions()].map(([request]) => request);
    let compared = 0;
    filling.fill(makeRecords(4), new Chance(4), () => {
      const opened = new DatabaseQueries(filling.db, () => AT);
      for (let times = 0; times < 4; times += 1) {
        const request = chance.pick(asked);
        const known = isAnswered(opened, request);
        expect(isAnswered(open, request)).toBe(known);
        if (!known) continue; // the agency is not in the directory yet
        expect(answerOf(open, request, times)).toEqual(answerOf(opened, request, times));
        compared += 1;
      }
    });
    reading.close();
    expect(compared).toBeGreaterThan(50);
  });

  it('are the same added up anew from the tracking tables, to the last cell', () => {
    using filling = new Filling();
    filling.fill(makeRecords(5), new Chance(5));
    const tables = ['own_day', 'own', 'own_part', 'group', 'place', 'gap', 'heard', 'state']; // in order of key
    const dump = (): unknown[] =>
      tables.map((name) => filling.db.prepare(`SELECT * FROM figure_${name}`).all());
    const before = dump();
    new Intake(filling.db, () => AT).upkeep.buildAgain();
    expect(dump()).toEqual(before);
  });
});
