import { afterAll, beforeAll, expect, it } from 'vitest';

import { dateInVietnam } from '../../../src/calendar/vietnam-time.ts';
import type { DeliveriesRequest, DeliveryRow } from '../../../src/relay/figures/index.ts';
import {
  type TrafficAgency,
  imitateRecord,
  makeCountry,
  makeReports,
} from '../../../src/testing/index.ts';
import { STATE_FILTERS } from '../../../src/relay/storage/delivery-queries.ts';
import { NOW, RelayDatabase, dispatch, electronic, receipt } from '../relay-database.ts';

const AGENCIES = 240;
const DELIVERIES = 1_000;
const PAGE = 37;
const STATES = STATE_FILTERS.filter((state) => state !== 'recalled');

let relay: RelayDatabase;
let country: readonly TrafficAgency[];
let everything: readonly DeliveryRow[];

beforeAll(() => {
  relay = new RelayDatabase();
  country = makeCountry(AGENCIES, 5);
  relay.addCountry(country);
  const traffic = { country, seed: 5, from: '2026-05', months: 2, deliveries: DELIVERIES };
  const verified = [...makeReports(traffic)].flatMap((report) => {
    const from = country[report.agencyIndex];
    if (from === undefined) return [];
    return [{ report: { ...report, record: imitateRecord(report, from) }, entry: report.entry }];
  });
  relay.intake.takeAll(verified);
  relay.sweep(NOW);
  everything = allPages({ period: '2026-05..2026-06' });
});

afterAll(() => {
  relay[Symbol.dispose]();
});

function allPages(request: DeliveriesRequest): DeliveryRow[] {
  const rows: DeliveryRow[] = [];
  for (let after: string | undefined; ;) {
    const page = relay.queries.deliveries({
      ...request,
      limit: PAGE,
      ...(after === undefined ? {} : { after }),
    });
    rows.push(...page.rows);
    if (page.next === null) return rows;
    after = page.next;
  }
}

function isInState(row: DeliveryRow, state: (typeof STATES)[number]): boolean {
  const isOpen = row.first_receipt_at === null;
  if (state === 'open') return isOpen;
  if (state === 'overdue') return row.overdue;
  if (state === 'late') return isLate(row);
  return row.state === state;
}

function isLate({ dispatched_at, first_receipt_at: first }: DeliveryRow): boolean {
  const dayOf = (at: string): string => dateInVietnam(new Date(at));
  return first !== null && dayOf(first) > dayOf(dispatched_at);
}

function nameOf({ from, to, document_id, document_version, business_type }: DeliveryRow): string {
  return [from, document_id, business_type, document_version, to].join(' ');
}

it('has more communes than are looked up one by one for what is rare', () => {
  expect(country.filter(({ tier }) => tier === 'commune').length).toBeGreaterThan(100);
});

it('all deliveries stand in the list of everything, newest first', () => {
  const count = relay.db.prepare('SELECT count(*) FROM delivery').pluck().get();
  expect(new Set(everything.map(nameOf)).size).toBe(count);
  const days = everything.map((row) => row.issued_on);
  expect(days).toEqual(days.toSorted().toReversed());
});

/** More than a hundred communes, all below a province, one agency. */
const SCOPES: readonly Pick<DeliveriesRequest, 'tier' | 'under' | 'agency'>[] = [
  { tier: 'commune' },
  { under: 'H01' },
  { agency: 'G01' },
];
const LISTS = SCOPES.flatMap((scope) =>
  (['sender', 'recipient'] as const).map((side) => ({ scope, side })),
);

it.each(LISTS)(
  'the lists of $scope as $side hold what the whole list holds of it, state by state',
  ({ scope, side }) => {
    const tierOf = new Map(country.map(({ code, tier }) => [String(code), tier]));
    const isOf = (row: DeliveryRow): boolean => {
      const code = side === 'sender' ? row.from : row.to;
      if (scope.tier !== undefined) return tierOf.get(code) === scope.tier;
      if (scope.agency !== undefined) return code === scope.agency;
      return code === scope.under || code.startsWith(`${scope.under}.`);
    };
    const own = everything.filter(isOf);
    for (const state of STATES) {
      const listed = allPages({ period: '2026-05..2026-06', ...scope, side, state });
      const expected = own.filter((row) => isInState(row, state));
      expect(listed.map(nameOf).toSorted()).toEqual(expected.map(nameOf).toSorted());
    }
  },
);

it('recalled deliveries are listed by themselves, as many as the figure counts, whatever their state', () => {
  using town = new RelayDatabase();
  for (const code of ['H09', 'H10', 'G12']) town.addAgency(code, 'province');
  for (const number of [1, 2, 3]) {
    town.report('H09', dispatch(number, [electronic('H10'), electronic('G12')]));
    town.report('H10', receipt('H09', number, '03'));
  }
  town.report('H10', receipt('H09', 1, '15'));
  town.report('G12', receipt('H09', 3, '15'));
  const month = { period: '2026-07', state: 'recalled' } as const;
  const list = (request: Partial<DeliveriesRequest>) => {
    const { rows, total } = town.queries.deliveries({ ...month, ...request });
    return { rows: rows.map(({ document_id, to, state }) => [document_id, to, state]), total };
  };
  const first = ['doc-1', 'H10', '03'];
  const third = ['doc-3', 'G12', 'sent'];
  expect(list({})).toEqual({ rows: [third, first], total: 2 });
  expect(list({ agency: 'H09' })).toEqual({ rows: [third, first], total: 2 });
  expect(list({ agency: 'H10', side: 'recipient' })).toEqual({ rows: [first], total: null });
  expect(list({ agency: 'G12' })).toEqual({ rows: [], total: 0 });
  expect(town.queries.figures({ period: '2026-07' }).figures.recalled).toBe(2);
});

it('late deliveries are listed by the day at +07:00, as many as the figure counts, whatever their state', () => {
  using town = new RelayDatabase();
  for (const code of ['H09', 'H10', 'G12']) town.addAgency(code, 'province');
  const both = [electronic('H10'), electronic('G12')];
  // Dispatched in the last minute of a day of Vietnam and in the first of the next; before its date.
  town.report('H09', dispatch(1, both), '2026-07-10T16:59:59.999Z');
  town.report('H09', dispatch(2, both), '2026-07-10T17:00:00.000Z');
  town.report('H09', dispatch(3, both, { issuedOn: '2026-07-20' }), '2026-07-10T02:00:00.000Z');
  // Clocks that were never set: before 1970, and a receipt before its dispatch.
  town.report('H09', dispatch(4, both), '1969-12-30T16:59:59.999Z');
  const answers = [
    ['H10', 1, '03', '2026-07-10T17:00:00.000Z'],
    ['G12', 1, '01', '2026-07-10T16:59:59.999Z'],
    ['H10', 2, '02', '2026-07-11T16:59:59.999Z'],
    ['G12', 2, '01', '2026-07-11T17:00:00.000Z'],
    ['H10', 3, '01', '2026-07-11T02:00:00.000Z'],
    ['H10', 4, '01', '1969-12-30T17:00:00.000Z'],
    ['G12', 4, '01', '1969-12-30T10:00:00.000Z'],
  ] as const;
  for (const [from, number, status, at] of answers) {
    town.report(from, receipt('H09', number, status, { at }));
  }
  const month = { period: '2026-07', state: 'late' } as const;
  const list = (request: Partial<DeliveriesRequest>) => {
    const { rows, total } = town.queries.deliveries({ ...month, ...request });
    return { rows: rows.map(({ document_id, to, state }) => [document_id, to, state]), total };
  };
  const [first, second] = [['doc-1', 'H10', '03'] as const, ['doc-2', 'G12', '01'] as const];
  const [third, fourth] = [['doc-3', 'H10', '01'] as const, ['doc-4', 'H10', '01'] as const];
  expect(list({})).toEqual({ rows: [third, fourth, second, first], total: 4 });
  expect(list({ agency: 'H09' })).toEqual({ rows: [third, fourth, second, first], total: 4 });
  const ofG12 = { agency: 'G12', side: 'recipient' } as const;
  expect(list(ofG12)).toEqual({ rows: [second], total: null });
  expect(town.queries.figures({ period: '2026-07' }).figures.late).toBe(4);
  // An earlier receipt that comes after it: the delivery was in time.
  town.report('H10', receipt('H09', 1, '01', { at: '2026-07-10T16:59:59.999Z' }));
  expect(list({})).toEqual({ rows: [third, fourth, second], total: 3 });
});
