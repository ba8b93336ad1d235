import { describe, expect, it } from 'vitest';

import { Intake } from '../../../src/relay/intake.ts';
import { DatabaseQueries } from '../../../src/relay/queries.ts';
import { Chance } from '../../../src/testing/chance.ts';
import { type AskedPeriod, Filling, answersOf, dumpRollups, expectOracle } from './filling.ts';
import { makeRecords } from './random-records.ts';

interface Era {
  readonly name: string;
  readonly from: string;
  readonly at: Date;
  readonly periods: readonly AskedPeriod[];
}

const ERAS: readonly Era[] = [
  {
    name: 'over the end of a year of 53 weeks',
    from: '2026-11-20',
    at: new Date('2027-01-25T02:00:00.000Z'),
    periods: [
      ['2026-W53', '2026-12-28', '2027-01-03'],
      ['2026', '2026-01-01', '2026-12-31'],
      ['2027-01', '2027-01-01', '2027-01-31'],
      ['2026-Q4', '2026-10-01', '2026-12-31'],
      ['2026-12-31', '2026-12-31', '2026-12-31'],
      ['2026-12-20..2027-01-04', '2026-12-20', '2027-01-04'],
    ],
  },
  {
    name: 'around a leap day',
    from: '2028-01-20',
    at: new Date('2028-03-26T02:00:00.000Z'),
    periods: [
      ['2028-02', '2028-02-01', '2028-02-29'],
      ['2028-02-29', '2028-02-29', '2028-02-29'],
      ['2028-W09', '2028-02-28', '2028-03-05'],
      ['2028-02-29..2028-03-01', '2028-02-29', '2028-03-01'],
    ],
  },
];
const PARTS = ['tier', 'agency', 'type', 'urgency', 'day'] as const;

/** Documents, deliveries and overdue ones of all rows of a list together. */
function sumOf(queries: DatabaseQueries, period: string, by: (typeof PARTS)[number]): number[] {
  const sum = [0, 0, 0];
  let after: string | undefined;
  do {
    const page = queries.breakdown({
      period,
      by,
      limit: 50,
      ...(after === undefined ? {} : { after }),
    });
    for (const { figures } of page.rows) {
      const { E, EP, P, deliveries, overdue } = figures;
      [E + EP + P, deliveries, overdue].forEach((count, at) => (sum[at] = (sum[at] ?? 0) + count));
    }
    after = page.next ?? undefined;
  } while (after !== undefined);
  return sum;
}

describe.each(ERAS)('the figures of records $name', ({ from, at, periods }) => {
  it('equal what plain loops over all records give', () => {
    const records = makeRecords(1, { from });
    using filling = new Filling(at);
    filling.fill(records, new Chance(1));
    expectOracle(filling, records, { at, periods });
  });

  it('add up, and are the same in any order and added up anew, also beside midnight and with odd dates', () => {
    const records = makeRecords(22, { from, isWild: true });
    const said = [1, 2].map((seed) => {
      using filling = new Filling(at);
      filling.fill(records, new Chance(seed));
      const queries = new DatabaseQueries(filling.db);
      for (const [period] of periods) {
        const { E, EP, P, deliveries, overdue } = queries.figures({ period }).figures;
        for (const by of PARTS) {
          const whole = [by, E + EP + P, deliveries, overdue];
          expect([by, ...sumOf(queries, period, by)]).toEqual(whole);
        }
      }
      const before = dumpRollups(filling.db);
      new Intake(filling.db, () => at).upkeep.buildAgain();
      expect(dumpRollups(filling.db)).toEqual(before);
      const contradictions = filling.db
        .prepare('SELECT kind, agency, report_number FROM contradiction ORDER BY 1, 2, 3')
        .all();
      return [contradictions, answersOf(queries, periods)];
    });
    expect(said[1]).toEqual(said[0]);
  });
});
