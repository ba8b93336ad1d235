import { expect, it } from 'vitest';

import { RelayDatabase, dispatch, electronic, paper } from '../relay-database.ts';

const MONTH = { period: '2026-07', agency: 'H09' };

it('an agency is heard of on the day of a document, whether or not that came to hold its number', () => {
  const silent = [true, false].map((isInOrder) => {
    using town = new RelayDatabase();
    town.addAgency('H09', 'province');
    const first = town.compose('H09', paper(1, '2026-07-03'));
    const second = town.compose(
      'H09',
      dispatch(1, [electronic('G12')], { issuedOn: '2026-07-06' }),
    );
    for (const one of isInOrder ? [first, second] : [second, first]) town.take(one);
    const count = (): number =>
      town.queries.figures({ ...MONTH, period: '2026-07-06' }).agencies_silent;
    const kept = count();
    town.intake.upkeep.buildAgain();
    return [kept, count()];
  });
  expect(silent).toEqual([
    [0, 0],
    [0, 0],
  ]);
});

it('an open part that does not fit is no figure: the records that an auditor gets do not show it', () => {
  using town = new RelayDatabase();
  town.addAgency('H09', 'province');
  const { verified, entry } = town.compose('H09', dispatch(1, [electronic('G12')]));
  const tell = (kind: 'OPEN_PART_UNFIT' | 'REPORT_BACKDATED'): void => {
    const { agency, number: reportNumber, payloadHash } = verified;
    const said = { kind, agency, reportNumber, payloadHash, detail: 'x', record: null };
    town.intake.inTransaction(() => town.reports.addContradiction(said, 0));
  };
  town.take({ verified, entry });
  tell('OPEN_PART_UNFIT');
  expect(town.queries.figures(MONTH).figures.contradictions).toBe(0);
  tell('REPORT_BACKDATED');
  expect(town.queries.figures(MONTH).figures.contradictions).toBe(1);
  town.intake.upkeep.buildAgain();
  expect(town.queries.figures(MONTH).figures.contradictions).toBe(1);
});
