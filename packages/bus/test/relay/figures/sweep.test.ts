import { describe, expect, it } from 'vitest';

import { FigureSweep } from '../../../src/relay/figures/sweep.ts';
import { RelayDatabase, codeOf, dispatch, electronic, receipt } from '../relay-database.ts';

const JULY = { period: '2026-07' };

function twoAgencies(): RelayDatabase {
  const relay = new RelayDatabase();
  relay.addAgency('G12', 'central');
  relay.addAgency('H09', 'province');
  return relay;
}

describe('a new day', () => {
  it('makes what nobody answered on the day of dispatch overdue, until a late receipt comes', () => {
    using relay = twoAgencies();
    relay.report(
      'H09',
      dispatch(1, [electronic('G12')], { issuedOn: '2026-07-15' }),
      '2026-07-15T02:00:00.000Z',
    );
    const figures = () => relay.queries.figures(JULY).figures;
    expect(figures()).toMatchObject({ open: 1, overdue: 0, late: 0 });
    relay.sweep(new Date('2026-07-15T16:59:59.999Z')); // still the 15th at +07:00
    expect(figures()).toMatchObject({ overdue: 0 });
    relay.sweep(new Date('2026-07-15T17:00:00.000Z'));
    expect(figures()).toMatchObject({ open: 1, overdue: 1 });
    expect(relay.queries.asOf()).toMatchObject({ day: '2026-07-16' });
    relay.report('G12', receipt('H09', 1, '01', { at: '2026-07-16T01:00:00.000Z' }));
    expect(figures()).toMatchObject({ open: 0, overdue: 0, late: 1 });
  });

  it('is settled in bounded steps that go on after a stop, and changes nothing twice', () => {
    using relay = twoAgencies();
    const reports = Array.from({ length: 2_500 }, (_, index) => {
      const at = new Date(Date.parse('2026-07-14T18:00:00.000Z') + index * 1_000).toISOString();
      const document = dispatch(index + 1, [electronic('G12')], { documentId: `d${index}` });
      return relay.compose('H09', document, at);
    });
    relay.intake.takeAll(reports.map(({ verified, entry }) => ({ report: verified, entry })));
    const day = '2026-07-16';
    const sweep = new FigureSweep(relay.db, relay.intake.figures);
    expect(sweep.step(day)).toBe(true);
    const { overdue } = relay.queries.figures(JULY).figures;
    expect(overdue).toBeGreaterThan(0);
    expect(overdue).toBeLessThan(2_500);
    expect(relay.queries.asOf().day).toBe('2026-07-15');
    const at = new Date(`${day}T02:00:00.000Z`);
    new FigureSweep(relay.db, relay.intake.figures).sweep(at); // another process
    expect(relay.queries.figures(JULY).figures.overdue).toBe(2_500);
    expect(relay.queries.asOf().day).toBe(day);
    expect(sweep.sweep(at)).toBe(0);
  });
});

describe('two relays', () => {
  it('agree on what both can see, in whatever order they saw it', () => {
    using country = twoAgencies();
    using province = twoAgencies();
    for (const relay of [country, province])
      relay.addAgency('H09.12', 'district', { parent: codeOf('H09') });
    const reports = [
      country.compose('H09', dispatch(1, [electronic('H09.12')])),
      country.compose('H09', dispatch(3, [electronic('H09.12', 'E+P')])),
      country.compose('H09.12', receipt('H09', 1, '01')),
      country.compose('H09.12', receipt('H09', 3, '03')),
      country.compose('H09.12', dispatch(1, [electronic('H09')], { documentId: 'x' })),
    ];
    country.report('G12', dispatch(1, [electronic('H09')], { documentId: 'of the centre' }));
    for (const report of reports) country.take(report);
    for (const report of reports.toReversed()) province.take(report);
    const shared = { ...JULY, under: 'H09' };
    expect(province.queries.figures(shared).figures).toEqual(
      country.queries.figures(shared).figures,
    );
    expect(country.queries.figures(shared).figures).toMatchObject({
      E: 2,
      EP: 1,
      receipted: 2,
      missing_numbers: 1,
    });
    expect(country.queries.figures(JULY).figures.E).toBe(3);
  });
});
