import { expect, it } from 'vitest';

import { RelayDatabase, electronic, dispatch, paper, voided } from './relay-database.ts';

/** Kind, report and detail of every contradiction, oldest first. */
function told(relay: RelayDatabase): [string, number, string][] {
  return relay.queries
    .listContradictions()
    .map(({ kind, reportNumber, detail }): [string, number, string] => [kind, reportNumber, detail])
    .toSorted((a, b) => a[1] - b[1]);
}

it('shows a report dated more than five minutes before the one it follows, and counts it', () => {
  using relay = new RelayDatabase();
  relay.addAgency('H09', 'province');
  relay.report('H09', voided(1), '2026-07-10T03:00:00.000Z');
  relay.report('H09', voided(2), '2026-07-10T02:55:00.000Z'); // the clock was set right
  relay.report('H09', voided(3), '2026-07-10T02:49:59.999Z');

  expect(told(relay)).toEqual([
    [
      'REPORT_BACKDATED',
      3,
      'report 3 says 2026-07-10T02:49:59.999Z, but report 2 before it 2026-07-10T02:55:00.000Z',
    ],
  ]);
  expect(relay.queries.counts().voids).toBe(3);
});

it('shows a number dated before a lower one, whichever report comes first', () => {
  const entries = [
    paper(1, '2026-07-05'),
    dispatch(2, [electronic('H10')], { issuedOn: '2026-07-10', documentId: 'two' }),
    paper(3, '2026-07-08'),
    paper(4, '2026-07-09'),
    paper(5, '2026-07-10'),
  ];
  const expected = [
    ['NUMBER_BACKDATED', 3, 'number 3/2026 is dated 2026-07-08, and a lower number later'],
    ['NUMBER_BACKDATED', 4, 'number 4/2026 is dated 2026-07-09, and a lower number later'],
  ];
  for (const order of [
    [0, 1, 2, 3, 4],
    [4, 3, 2, 1, 0],
    [2, 0, 4, 1, 3],
    [3, 1, 0, 4, 2],
  ]) {
    using relay = new RelayDatabase();
    relay.addAgency('H09', 'province');
    const reports = entries.map((entry) => relay.compose('H09', entry));
    for (const index of order) {
      const report = reports[index];
      if (report !== undefined) relay.take(report);
    }
    expect({ order, told: told(relay) }).toEqual({ order, told: expected });
  }
});

it('takes no offence at the recall of an older document, which keeps its number and date', () => {
  using relay = new RelayDatabase();
  relay.addAgency('H09', 'province');
  const first = { issuedOn: '2026-07-01', documentId: 'one' };
  relay.report('H09', dispatch(1, [electronic('H10')], first));
  relay.report('H09', dispatch(2, [electronic('H10')], { documentId: 'two' }));
  relay.report('H09', dispatch(1, [electronic('H10')], { ...first, businessType: 1 }));

  expect(told(relay)).toEqual([]);
});
