import { expect, it } from 'vitest';

import type { DirectoryEntry, ReportEntry, Tier } from '../../../src/index.ts';
import { DatabaseQueries } from '../../../src/relay/queries.ts';
import { Chance } from '../../../src/testing/chance.ts';
import {
  RelayDatabase,
  type Report,
  codeOf,
  composeReport,
  digestOf,
  listing,
  paper,
} from '../relay-database.ts';
import { type AskedPeriod, Filling, expectOracle, questions } from './filling.ts';
import type { RandomRecords } from './random-records.ts';

const NOW = new Date('2026-08-05T02:00:00.000Z');
const CODES = ['G12', 'H09', 'H10', 'H09.12', 'H09.12.001', 'H09.12.002', 'H10.12.001'] as const;
const REPORTS = 300;

/** Moments at which something ends or begins at +07:00, and those of clocks that are wrong. */
const MOMENTS = [
  '1969-12-31T16:59:59.999Z',
  '1970-01-01T00:00:00.000Z',
  '2025-12-31T16:59:59.999Z',
  '2025-12-31T17:00:00.000Z',
  '2026-02-28T17:00:00.000Z',
  '2026-06-30T16:59:59.999Z',
  '2026-06-30T17:00:00.000Z',
  '2026-07-05T16:59:59.999Z',
  '2026-07-05T17:00:00.000Z',
  '2026-07-06T16:59:59.999Z',
  '2026-07-10T04:00:00.000Z',
  '2026-08-04T16:59:59.999Z',
  '2026-08-04T17:00:00.000Z',
  '2026-08-05T02:00:00.000Z',
  '2099-12-31T17:00:00.000Z',
  '9999-12-31T16:59:59.999Z',
  '9999-12-31T23:59:59.999Z',
] as const;
const DAYS = [
  '1970-01-01',
  '2025-12-31',
  '2026-01-01',
  '2026-01-04',
  '2026-02-28',
  '2026-03-01',
  '2026-06-30',
  '2026-07-01',
  '2026-07-05',
  '2026-07-06',
  '2026-07-10',
  '2026-07-11',
  '2026-08-05',
  '2026-12-31',
  '2099-12-31',
] as const;
const STATUSES = ['01', '01', '02', '02', '03', '04', '05', '06', '06', '13', '15', '16'] as const;
const LISTED = [
  ['open', 'open'],
  ['overdue', 'overdue'],
  ['late', 'late'],
  ['02', 'refused'],
  ['recalled', 'recalled'],
  ['withdrawn', 'withdrawn'],
] as const;
const PERIODS: readonly AskedPeriod[] = [
  ['2026', '2026-01-01', '2026-12-31'],
  ['2026-W01', '2025-12-29', '2026-01-04'],
  ['2026-07', '2026-07-01', '2026-07-31'],
  ['2026-07-10', '2026-07-10', '2026-07-10'],
  ['2026-Q1', '2026-01-01', '2026-03-31'],
  ['2025-12-31..2026-01-01', '2025-12-31', '2026-01-01'],
  ['1970-01', '1970-01-01', '1970-01-31'],
  ['2099', '2099-01-01', '2099-12-31'],
];

/**
 * In the middle of a day and of a month a commune moves to another province, another is closed and
 * taken over, and a code that was closed comes back, as something else and elsewhere.
 */
function makeDirectory(): DirectoryEntry[] {
  let sequence = 0;
  const entry = (
    code: string,
    tier: Tier,
    parent: string | null,
    change: Partial<DirectoryEntry> = {},
  ): DirectoryEntry => {
    sequence += 1;
    return listing(code, tier, {
      sequence,
      parent: parent === null ? null : codeOf(parent),
      ...change,
    });
  };
  const noon = '2026-07-10T05:00:00.000Z';
  return [
    entry('G12', 'central', null),
    entry('H09', 'province', null),
    entry('H10', 'province', null),
    entry('H09.12', 'district', 'H09', { validTo: '2026-02-28T17:00:00.000Z' }),
    entry('H09.12', 'province', 'H10', { validFrom: '2026-07-05T17:00:00.000Z' }),
    entry('H09.12.001', 'commune', 'H09', { validTo: noon }),
    entry('H09.12.001', 'commune', 'H10', { validFrom: noon }),
    entry('H09.12.002', 'commune', 'H09.12'),
    entry('H09.12.002', 'commune', 'H09.12', {
      validTo: noon,
      successors: [codeOf('H10.12.001')],
    }),
    entry('H10.12.001', 'commune', 'H10', { validFrom: '2025-12-31T17:00:00.000Z' }),
  ];
}

const LISTED_PERIODS = PERIODS.slice(0, 4);

interface Sent {
  readonly sender: string;
  readonly entry: Extract<ReportEntry, { kind: 'dispatch' }>;
}

/** Any moment with any day, in any register: what an agency's clock, clerk or malice can say. */
function makeRecords(seed: number): RandomRecords {
  const chance = new Chance(seed);
  const chains = new Map<string, { number: number; hash: string | null }>();
  const [reports, lost, sent]: [Report[], Report[], Sent[]] = [[], [], []];
  const say = (agency: string, entry: ReportEntry): void => {
    const before = chains.get(agency) ?? { number: 0, hash: null };
    const number = before.number + 1;
    const report = composeReport(agency, number, before.hash, entry, chance.pick(MOMENTS));
    chains.set(agency, { number, hash: report.verified.payloadHash });
    (chance.next() < 0.02 ? lost : reports).push(report);
  };
  for (let index = 0; index < REPORTS; index += 1) {
    const agency = chance.pick(CODES);
    const issuedOn = chance.pick(DAYS);
    const year = Number(issuedOn.slice(0, 4)) - (chance.next() < 0.1 ? 1 : 0);
    const register = { year, number: chance.between(1, 9), notation: 'UBND-VP', issuedOn };
    const what = chance.next();
    if (what < 0.08) say(agency, { kind: 'void', year, number: register.number, reason: 'x' });
    else if (what < 0.4) {
      const to = CODES.filter((code) => code !== agency && chance.next() < 0.4);
      const documentId = `d${index}`;
      const entry: Sent['entry'] = {
        kind: 'dispatch',
        register,
        documentId,
        businessType: chance.pick([0, 0, 0, 1, 2, 3] as const),
        documentVersion: 1,
        documentType: 'Công văn',
        abstract: 'a',
        priority: chance.pick([0, 0, 1] as const),
        signed: chance.next() < 0.5,
        packageDigest: digestOf(documentId),
        recipients: [
          ...to.map((code) => ({ to: codeOf(code), mode: chance.pick(['E', 'E+P'] as const) })),
          ...(to.length === 0 || chance.next() < 0.1
            ? [{ name: 'Ông A', mode: 'P' as const, reason: 'listed' }]
            : []),
        ],
      };
      sent.push({ sender: agency, entry });
      say(agency, entry);
    } else {
      const { sender, entry } = sent.length === 0 ? {} : chance.pick(sent.slice(-6));
      if (sender === undefined || entry === undefined) continue;
      const { documentId, businessType, documentVersion, packageDigest, recipients } = entry;
      const [first] = recipients.flatMap((one) => (one.mode === 'P' ? [] : [one.to]));
      if (first === undefined) continue;
      const about = { documentId, businessType, documentVersion } as const;
      if (what < 0.45) {
        const at = chance.pick(MOMENTS);
        say(sender, { kind: 'withdrawn', ...about, to: first, at, cause: 'given-up' });
        continue;
      }
      const status = chance.pick(STATUSES);
      const at = chance.pick(MOMENTS);
      const receipt = { ...about, packageDigest, status, at };
      say(first, { kind: 'receipt', sender: codeOf(sender), ...receipt });
    }
  }
  return { reports, lost, directory: makeDirectory() };
}

it.each([1, 2])(
  'figures at the ends of days, years and validities, and of wrong clocks, equal plain loops and their lists (set %i)',
  (seed) => {
    const records = makeRecords(seed);
    using filling = new Filling(NOW);
    filling.fill(records, new Chance(seed));
    expectOracle(filling, records, { at: NOW, periods: PERIODS, goesBack: true });
    const queries = new DatabaseQueries(filling.db);
    for (const [request] of questions(LISTED_PERIODS)) {
      const { figures } = queries.figures(request);
      for (const [state, count] of LISTED) {
        const { rows, total } = queries.deliveries({ ...request, state, limit: 1_000 });
        const said = [request, state, rows.length, total];
        expect(said).toEqual([request, state, figures[count], figures[count]]);
      }
    }
  },
);

it.each(['1970-01-01T00:00:00.000Z', '9999-12-31T23:59:59.999Z'])(
  'reports that never came may concern the days up to the one before them, though the next one says %s',
  (at) => {
    using town = new RelayDatabase();
    town.addAgency('H09', 'province');
    town.report('H09', paper(1));
    town.compose('H09', paper(2));
    // A clock without its battery, or somebody who would rather not be asked.
    town.report('H09', paper(3), at);
    town.report('H09', paper(2));
    const { figures } = town.queries.figures({ period: '2026-07' });
    expect(figures).toMatchObject({ P: 3, missing_numbers: 0, lower_bound: true });
  },
);
