import { expect, it } from 'vitest';

import { RelayDatabase, dispatch, electronic, paper, receipt, voided } from '../relay-database.ts';

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

it('a document dispatched again and a number used again are duplicates, nothing else is', () => {
  using town = new RelayDatabase();
  for (const code of ['H09', 'G12']) town.addAgency(code, 'province');
  const count = (): number[] => {
    const { contradictions, duplicates } = town.queries.figures({ period: '2026-07' }).figures;
    return [contradictions, duplicates];
  };
  const first = dispatch(1, [electronic('G12')]);
  town.report('H09', first);
  town.report('H09', first);
  expect(count()).toEqual([1, 1]);
  town.report('H09', dispatch(2, [electronic('G12')], { register: first.register }));
  expect(count()).toEqual([2, 2]);
  town.report('G12', { ...receipt('H09', 1, '01'), packageDigest: 'f'.repeat(64) });
  expect(town.queries.counts().contradictions).toBe(3);
  expect(count()).toEqual([3, 2]);
  town.intake.upkeep.buildAgain();
  expect(count()).toEqual([3, 2]);
});

it('duplicates of a time when only contradictions were counted are counted once', () => {
  using town = new RelayDatabase();
  town.addAgency('H09', 'province');
  const first = dispatch(1, [electronic('G12')]);
  town.report('H09', first);
  // As migration 30 finds it: all was counted, and nothing was looked at for duplicates.
  const { verified } = town.compose('H09', first);
  const { agency, number: reportNumber, payloadHash } = verified;
  const kind = 'DOCUMENT_REDISPATCHED';
  town.take({ verified, entry: voided(9) });
  town.db
    .prepare(
      `INSERT INTO contradiction (kind, agency, report_number, payload_hash, detail, found_ms)
       VALUES (?, ?, ?, ?, 'x', 0)`,
    )
    .run(kind, agency, reportNumber, payloadHash);
  town.db.exec('UPDATE figure_state SET contradiction = (SELECT max(id) FROM contradiction)');
  town.report('H09', dispatch(3, [electronic('G12')]));
  expect(town.queries.figures(MONTH).figures).toMatchObject({ contradictions: 0, duplicates: 1 });
  town.report('H09', dispatch(4, [electronic('G12')]));
  expect(town.queries.figures(MONTH).figures).toMatchObject({ contradictions: 0, duplicates: 1 });
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
