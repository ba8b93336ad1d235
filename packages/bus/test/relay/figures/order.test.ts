import { readFileSync } from 'node:fs';

import { describe, expect, it } from 'vitest';

import { BusError } from '../../../src/index.ts';
import type { FiguresRequest } from '../../../src/relay/figures/types.ts';
import { Intake } from '../../../src/relay/intake.ts';
import { DatabaseQueries } from '../../../src/relay/queries.ts';
import { openDatabaseForReading } from '../../../src/relay/storage/database.ts';
import { Chance } from '../../../src/testing/chance.ts';
import { Filling, answersOf, dumpRollups, expectOracle, questions } from './filling.ts';
import { makeRecords } from './random-records.ts';

const SUM_MIGRATION = new URL('../../../migrations/relay/0028_figure_sum.sql', import.meta.url);
const AT = new Date('2026-06-05T02:00:00.000Z');
const PERIODS = [
  ['2026-04', '2026-04-01', '2026-04-30'],
  ['2026-05', '2026-05-01', '2026-05-31'],
  ['2026-W19', '2026-05-04', '2026-05-10'],
  ['2026', '2026-01-01', '2026-12-31'],
  ['2026-04-20..2026-05-12', '2026-04-20', '2026-05-12'],
] as const;
function isAnswered(queries: DatabaseQueries, request: FiguresRequest): boolean {
  try {
    queries.figures(request);
    return true;
  } catch (error) {
    if (error instanceof BusError) return false;
    throw error;
  }
}

type Way = (queries: DatabaseQueries, request: FiguresRequest) => unknown;

/** One after the other, so that each meets what the ones before left in memory. */
const WAYS: readonly Way[] = [
  (queries, request) => queries.figures(request),
  (queries, request) => queries.breakdown({ ...request, by: 'agency', sort: '-missing_numbers' }),
  (queries, request) => queries.breakdown({ ...request, by: 'agency', sort: 'name', limit: 3 }),
  (queries, request) => queries.breakdown({ ...request, by: 'agency', sort: 'rate_electronic' }),
  (queries, request) => queries.breakdown({ ...request, by: 'week' }),
  (queries, request) => queries.breakdown({ ...request, by: 'day', sort: '-missing_numbers' }),
  (queries, request) => queries.breakdown({ ...request, by: 'day', sort: '-overdue', limit: 5 }),
  (queries, request) => request.agency ?? queries.breakdown({ ...request, by: 'parent' }), // one agency has no parts
  (queries, request) => queries.breakdown({ ...request, by: 'type' }),
];

describe('the figures of a set of records', () => {
  it.each([1, 2])('equal what plain loops over all records give (set %i)', (seed) => {
    const records = makeRecords(seed);
    using filling = new Filling(AT);
    filling.fill(records, new Chance(seed));
    expectOracle(filling, records, { at: AT, periods: PERIODS });
  });

  it('do not depend on order, batches, duplicates, or transactions that were lost', () => {
    const records = makeRecords(9);
    const answers = [11, 12, 13].map((seed) => {
      using filling = new Filling(AT);
      filling.fill(records, new Chance(seed));
      return answersOf(new DatabaseQueries(filling.db), PERIODS);
    });
    expect(answers[1]).toEqual(answers[0]);
    expect(answers[2]).toEqual(answers[0]);
  });

  it('are the same for a reader that stays open while records, entries and days come', () => {
    using filling = new Filling(AT);
    filling.db.pragma('user_version'); // there is a file to open
    const reading = openDatabaseForReading(filling.file);
    const open = new DatabaseQueries(reading);
    const chance = new Chance(4);
    const asked = [...questions(PERIODS)].map(([request]) => request);
    let compared = 0;
    filling.fill(makeRecords(4), new Chance(4), () => {
      const opened = new DatabaseQueries(filling.db);
      for (const answerOf of WAYS) {
        const request = chance.pick(asked);
        const known = isAnswered(opened, request);
        expect(isAnswered(open, request)).toBe(known);
        if (!known) continue; // the agency is not in the directory yet
        expect(answerOf(open, request)).toEqual(answerOf(opened, request));
        compared += 1;
      }
    });
    reading.close();
    expect(compared).toBeGreaterThan(50);
  });

  it('are the same added up anew from the tracking tables, to the last cell', () => {
    using filling = new Filling(AT);
    filling.fill(makeRecords(5), new Chance(5));
    const before = dumpRollups(filling.db);
    new Intake(filling.db, () => AT).upkeep.buildAgain();
    expect(dumpRollups(filling.db)).toEqual(before);
  });

  it('are summed for a database of an earlier version as if its records came now', () => {
    using filling = new Filling(AT);
    filling.fill(makeRecords(6), new Chance(6));
    const before = dumpRollups(filling.db);
    filling.db.exec('DROP TABLE figure_sum; DROP INDEX document_type_open');
    filling.db.exec(readFileSync(SUM_MIGRATION, 'utf8'));
    expect(filling.db.prepare('SELECT count(*) FROM figure_sum').pluck().get()).not.toBe(0);
    expect(dumpRollups(filling.db)).toEqual(before);
  });
});
