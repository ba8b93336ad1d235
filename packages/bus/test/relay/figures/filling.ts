import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect } from 'vitest';

import { TIERS, type DirectoryEntry, encodePayload } from '../../../src/index.ts';
import type { FiguresRequest, TimeFigures } from '../../../src/relay/figures/types.ts';
import { Intake } from '../../../src/relay/intake.ts';
import { DatabaseQueries } from '../../../src/relay/queries.ts';
import { type Db, openDatabase } from '../../../src/relay/storage/database.ts';
import { DirectoryStore } from '../../../src/relay/storage/directory-store.ts';
import type { Chance } from '../../../src/testing/chance.ts';
import type { Report } from '../relay-database.ts';
import { Oracle, type OracleScope } from './oracle.ts';
import { type RandomRecords, shuffle } from './random-records.ts';

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
export class Filling implements Disposable {
  readonly #folder = mkdtempSync(join(tmpdir(), 'congvan-figures-'));
  readonly #at: Date;
  #db: Db | undefined;

  /** @param at - where the relay's clock stands. */
  constructor(at: Date) {
    this.#at = at;
  }

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
    return new Intake(this.db, () => this.#at);
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

export type AskedPeriod = readonly [text: string, from: string, to: string];

/** Every scope in every period and by both structures, as the relay and as the oracle are asked. */
export function* questions(
  periods: readonly AskedPeriod[],
): Generator<[FiguresRequest, OracleScope]> {
  for (const [period, from, to] of periods) {
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

/** Every answer, and the rows of each by agency. */
export function answersOf(queries: DatabaseQueries, periods: readonly AskedPeriod[]): unknown[] {
  return [...questions(periods)].map(([request]) => {
    const { as_of: _, ...answer } = queries.figures(request);
    return [answer, queries.breakdown({ ...request, by: 'agency' }).rows];
  });
}

interface Compared {
  readonly at: Date;
  readonly periods: readonly AskedPeriod[];
  /** Clocks and dates that go back contradict, too; the oracle knows nothing of them. */
  readonly goesBack?: boolean;
}

/** Compares every answer with what plain loops over all records give. */
export function expectOracle(
  filling: Filling,
  records: RandomRecords,
  { at, periods, goesBack = false }: Compared,
): void {
  const queries = new DatabaseQueries(filling.db);
  const oracle = new Oracle(records.reports, records.directory, at.toISOString().slice(0, 10));
  for (const [request, scope] of questions(periods)) {
    const { time_to_01_ms, time_to_03_ms, time_to_06_ms, ...figures } =
      queries.figures(request).figures;
    const { times, ...counted } = oracle.figures(scope);
    const { contradictions } = goesBack ? figures : counted;
    const expected = { ...counted, contradictions };
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
}

const ROLLUPS = ['own_day', 'own', 'own_part', 'group', 'sum', 'place', 'gap', 'heard', 'state']; // in order of key

/** Every cell of the rollups. */
export function dumpRollups(db: Db): unknown[] {
  return ROLLUPS.map((name) => db.prepare(`SELECT * FROM figure_${name}`).all());
}

/** What takes longer, by a clock that is decades off, counts as that. */
const LONGEST_MS = 2 ** 40 - 1;

/** Whether median and 95th percentile are those by nearest rank, or at most 1/64 above them. */
function fits(found: TimeFigures | null, sorted: readonly number[]): boolean {
  if (found === null || sorted.length === 0) return found === null && sorted.length === 0;
  const isNear = (value: number, part: number): boolean => {
    const exact = Math.min(sorted[Math.ceil(part * sorted.length) - 1] ?? Number.NaN, LONGEST_MS);
    return value >= exact && value <= exact * (1 + 1 / 64);
  };
  return isNear(found.median, 0.5) && isNear(found.p95, 0.95);
}
