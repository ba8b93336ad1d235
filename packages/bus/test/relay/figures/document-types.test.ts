import { readFileSync } from 'node:fs';

import { expect, it } from 'vitest';

import { COUNTED_DOCUMENT_TYPES } from '../../../src/index.ts';
import { RelayDatabase, dispatch, electronic, paper } from '../relay-database.ts';

const JULY = { period: '2026-07' };
const TABLES = ['own_day', 'own_part', 'group'];

function sizes(relay: RelayDatabase): unknown[] {
  return TABLES.map((name) =>
    relay.db.prepare(`SELECT count(*) FROM figure_${name}`).pluck().get(),
  );
}

function town(): RelayDatabase {
  const relay = new RelayDatabase();
  relay.addAgency('G12', 'central');
  relay.addAgency('H09', 'province');
  return relay;
}

it('an agency that invents a type for every document adds no rows of figures but those of one', () => {
  using relay = town();
  const send = (from: number, to: number): void => {
    const reports = Array.from({ length: to - from }, (_, index) => {
      const number = from + index + 1;
      const documentType = `Loại tự đặt ${number}`;
      return relay.compose('H09', dispatch(number, [electronic('G12')], { documentType }));
    });
    relay.intake.takeAll(reports.map(({ verified, entry }) => ({ report: verified, entry })));
  };
  send(0, 1);
  const one = sizes(relay);
  send(1, 1_500);
  expect(sizes(relay)).toEqual(one);
  const { rows } = relay.queries.breakdown({ ...JULY, by: 'type' });
  expect(rows.map(({ key, figures }) => [key, figures.E])).toEqual([['other', 1_500]]);
  relay.intake.upkeep.buildAgain();
  expect(sizes(relay)).toEqual(one);
});

it('a type of the list is counted and listed under its name, whatever its capitals and spaces', () => {
  using relay = town();
  relay.report('H09', dispatch(1, [electronic('G12')], { documentType: 'CÔNG  VĂN' }));
  relay.report('H09', dispatch(2, [electronic('G12')], { documentType: 'Công văn' }));
  relay.report('H09', dispatch(3, [electronic('G12')], { documentType: 'Công văn hỏa tốc' }));
  relay.report('H09', { ...paper(4), documentType: 'other' });
  const rates = (documentType: string) => {
    const { E, P } = relay.queries.figures({ ...JULY, documentType }).figures;
    const { rows, total } = relay.queries.deliveries({ ...JULY, documentType });
    return [E, P, rows.map((row) => row.document_id).toSorted(), total];
  };
  expect(rates('công văn')).toEqual([2, 0, ['doc-1', 'doc-2'], 2]);
  expect(rates('other')).toEqual([1, 1, ['doc-3'], 1]);
});

it('a question about a type that is counted with others is refused instead of answered with zeros', () => {
  using relay = town();
  expect(() => relay.queries.figures({ ...JULY, documentType: 'Loại tự đặt' })).toThrow(
    expect.objectContaining({ code: 'BUS_RELAY_REQUEST_INVALID' }),
  );
});

it('every type of the list is spelt as the earlier figures of a database are checked for', () => {
  const file = new URL('../../../migrations/relay/0023_counted_types.sql', import.meta.url);
  const named = readFileSync(file, 'utf8').match(/'[^']*'/g) ?? [];
  expect(named.map((one) => one.slice(1, -1)).toSorted()).toEqual(
    ['', 'other', ...COUNTED_DOCUMENT_TYPES].toSorted(),
  );
});
