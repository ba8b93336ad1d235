import { describe, expect, it } from 'vitest';

import { BusError } from '../../../src/index.ts';
import {
  RelayDatabase,
  codeOf,
  dispatch,
  electronic,
  onPaper,
  paper,
  receipt,
  voided,
  withdrawn,
} from '../relay-database.ts';
import { tiersOf } from './tiers-of.ts';

const JULY = { period: '2026-07' };

function fourTiers(): RelayDatabase {
  const relay = new RelayDatabase();
  relay.addAgency('G12', 'central');
  relay.addAgency('H09', 'province');
  relay.addAgency('H09.12', 'district', { parent: codeOf('H09') });
  relay.addAgency('H09.12.034', 'commune', { parent: codeOf('H09.12') });
  return relay;
}

function gapsOf(relay: RelayDatabase): [number, number][] {
  return relay.queries.gaps(JULY).rows.map(({ first, last }) => [first, last]);
}

describe('the class of a document', () => {
  it('is E when all recipients are electronic', () => {
    using relay = fourTiers();
    relay.report('H09', dispatch(1, [electronic('G12'), electronic('H09.12')]));
    expect(tiersOf(relay.queries, JULY).province).toMatchObject({
      E: 1,
      EP: 0,
      P: 0,
      rate_electronic: 1,
      rate_any: 1,
      deliveries: 2,
    });
  });

  it('is E+P when any recipient gets paper as well', () => {
    using relay = fourTiers();
    relay.report('H09', dispatch(1, [electronic('G12', 'E+P'), electronic('H09.12')]));
    expect(tiersOf(relay.queries, JULY).province).toMatchObject({
      E: 0,
      EP: 1,
      P: 0,
      rate_electronic: 0,
      rate_any: 1,
      deliveries: 2,
    });
  });

  it('is E+P when some recipients get paper only, and they are listed', () => {
    using relay = fourTiers();
    relay.report('H09', dispatch(1, [electronic('G12'), onPaper('Công ty Ánh Dương')]));
    expect(tiersOf(relay.queries, JULY).province).toMatchObject({ EP: 1, deliveries: 1 });
    expect(relay.queries.track('doc-1')[0]?.paperRecipients).toEqual([
      { name: 'Công ty Ánh Dương', reason: 'not-connected' },
    ]);
  });

  it('is P when it was entered as a paper document, or no recipient is electronic', () => {
    using relay = fourTiers();
    relay.report('H09', paper(1));
    relay.report('H09', dispatch(2, [onPaper('Công ty Ánh Dương')]));
    relay.report('H09', dispatch(3, [electronic('G12')]));
    relay.report('H09', dispatch(4, [electronic('G12', 'E+P')]));
    expect(tiersOf(relay.queries, JULY).province).toMatchObject({
      E: 1,
      EP: 1,
      P: 2,
      rate_electronic: 0.25,
      rate_any: 0.5,
      deliveries: 2,
    });
  });

  it('counts a document once, however many receive it', () => {
    using relay = fourTiers();
    const all = [electronic('G12'), electronic('H09.12'), electronic('H09.12.034')];
    relay.report('H09', dispatch(1, all));
    expect(tiersOf(relay.queries, JULY).province).toMatchObject({ E: 1, deliveries: 3 });
  });
});

describe('the rates', () => {
  it('are null, not zero, when there is nothing to divide', () => {
    using relay = fourTiers();
    relay.report('H09', paper(1));
    const tiers = tiersOf(relay.queries, JULY);
    expect(tiers.central).toMatchObject({ rate_electronic: null, rate_any: null });
    expect(tiers.province).toMatchObject({
      rate_electronic: 0,
      rate_any: 0,
      rate_signed: null,
      time_to_01_ms: null,
    });
  });

  it('is none once nobody has answered for 30 days, and comes back with the first receipt', () => {
    using relay = fourTiers();
    relay.report('H09', dispatch(1, [electronic('G12'), electronic('H09.12')]));
    relay.report('H09', dispatch(2, [electronic('G12')]));
    relay.report('H09', dispatch(3, [onPaper('x')]));
    relay.report('G12', receipt('H09', 2, '01'));
    const undelivered = { E: 1, P: 1, undelivered: 1, rate_electronic: 0.5 };
    expect(tiersOf(relay.queries, JULY).province).toMatchObject({ E: 2, undelivered: 0 });
    relay.sweep(new Date('2026-08-20T00:00:00.000Z'));
    expect(tiersOf(relay.queries, JULY).province).toMatchObject(undelivered);
    relay.report('H09.12', receipt('H09', 1, '01'));
    expect(tiersOf(relay.queries, JULY).province).toMatchObject({ E: 2, undelivered: 0 });
  });

  it('is none for a document that was given up for every recipient, until one answers', () => {
    using relay = fourTiers();
    // The word may come before the dispatch that it is about.
    relay.report('H09', withdrawn(1, 'G12'));
    relay.report('H09', dispatch(1, [electronic('G12'), electronic('H09.12')]));
    expect(tiersOf(relay.queries, JULY).province).toMatchObject({ E: 1, undelivered: 0 });
    relay.report('H09', withdrawn(1, 'H09.12', 'gửi nhầm'));
    expect(tiersOf(relay.queries, JULY).province).toMatchObject({ E: 0, undelivered: 1 });
    expect(relay.queries.track('doc-1')[0]?.deliveries).toMatchObject([
      { to: 'G12', withdrawn: { cause: 'unanswered', reason: null } },
      { to: 'H09.12', withdrawn: { cause: 'given-up', reason: 'gửi nhầm' } },
    ]);
    relay.report('H09.12', receipt('H09', 1, '01'));
    expect(tiersOf(relay.queries, JULY).province).toMatchObject({ E: 1, undelivered: 0 });
  });

  it('count signed documents among those sent electronically', () => {
    using relay = fourTiers();
    relay.report('H09', dispatch(1, [electronic('G12')], { signed: true }));
    relay.report('H09', dispatch(2, [electronic('G12', 'E+P')], { signed: true }));
    relay.report('H09', dispatch(3, [electronic('G12')], { signed: false }));
    relay.report('H09', dispatch(4, [onPaper('x')], { signed: true }));
    expect(tiersOf(relay.queries, JULY).province).toMatchObject({
      signed: 2,
      rate_signed: 2 / 3,
    });
  });
});

describe('numbers of the register', () => {
  it('leaves a void number out of all terms and counts it apart', () => {
    using relay = fourTiers();
    relay.report('H09', dispatch(1, [electronic('G12')]));
    relay.report('H09', voided(2));
    expect(tiersOf(relay.queries, JULY).province).toMatchObject({
      E: 1,
      rate_electronic: 1,
      void_numbers: 1,
      lower_bound: false,
    });
  });

  it('is a lower bound while a number has no record, and no longer once it comes', () => {
    using relay = fourTiers();
    relay.report('H09', dispatch(1, [electronic('G12')]));
    relay.report('H09', dispatch(5, [electronic('G12')]));
    const before = tiersOf(relay.queries, JULY);
    expect(before.province).toMatchObject({ lower_bound: true, missing_numbers: 3 });
    expect(before.central.lower_bound).toBe(false);
    expect(gapsOf(relay)).toEqual([[2, 4]]);

    relay.report('H09', paper(3));
    expect(gapsOf(relay)).toEqual([
      [2, 2],
      [4, 4],
    ]);
    relay.report('H09', voided(2));
    relay.report('H09', paper(4));
    expect(tiersOf(relay.queries, JULY).province).toMatchObject({
      lower_bound: false,
      missing_numbers: 0,
    });
  });

  it('counts a gap in the months it may belong to and in no other', () => {
    using relay = fourTiers();
    relay.report('H09', dispatch(1, [electronic('G12')], { issuedOn: '2026-02-01' }));
    relay.report('H09', dispatch(3, [electronic('G12')], { issuedOn: '2026-04-01' }));
    const lowerBounds = relay.queries
      .breakdown({ period: '2026-01..2026-05', by: 'month' })
      .rows.map(({ key, figures }) => [key, figures.lower_bound]);
    expect(lowerBounds).toEqual([
      ['2026-01', false],
      ['2026-02', true],
      ['2026-03', true],
      ['2026-04', true],
      ['2026-05', false],
    ]);
  });

  it('starts a new series every year', () => {
    using relay = fourTiers();
    relay.report('H09', dispatch(1, [electronic('G12')], { issuedOn: '2025-12-31' }));
    const again = dispatch(1, [electronic('G12')], { documentId: 'b', issuedOn: '2026-01-02' });
    relay.report('H09', again);
    const { all } = tiersOf(relay.queries, { period: '2025-12..2026-01' });
    expect(all).toMatchObject({ E: 2, lower_bound: false });
    expect(gapsOf(relay)).toEqual([]);
  });

  it('counts the first document of a number and shows the second as a contradiction', () => {
    using relay = fourTiers();
    relay.report('H09', dispatch(1, [electronic('G12')]));
    relay.report('H09', paper(1));
    relay.report('H09', dispatch(1, [electronic('G12', 'E+P')], { documentId: 'other' }));
    relay.report('H09', voided(1));
    expect(tiersOf(relay.queries, JULY).all).toMatchObject({ E: 1, EP: 0, P: 0, deliveries: 1 });
    const found = relay.queries.listContradictions();
    expect(found.map(({ kind, reportNumber }) => [kind, reportNumber])).toEqual([
      ['REGISTER_NUMBER_REUSED', 4],
      ['REGISTER_NUMBER_REUSED', 3],
      ['REGISTER_NUMBER_REUSED', 2],
    ]);
  });

  it('does not count an update or recall of a document as another document', () => {
    using relay = fourTiers();
    const update = { businessType: 2, documentId: 'update', issuedOn: '2026-07-11' } as const;
    relay.report('H09', dispatch(1, [electronic('G12')], update)); // comes before its original
    relay.report('H09', dispatch(1, [electronic('G12'), electronic('H09.12')]));
    relay.report('H09', dispatch(1, [electronic('G12')], { ...update, businessType: 1 }));
    expect(tiersOf(relay.queries, JULY).all).toMatchObject({ E: 1, deliveries: 2 });
    expect(relay.queries.listContradictions()).toEqual([]);
  });

  it('counts a replacement, which has a number of its own, beside what it replaces', () => {
    using relay = fourTiers();
    relay.report('H09', dispatch(1, [electronic('G12')]));
    relay.report('H09', dispatch(2, [electronic('G12')], { businessType: 3 }));
    expect(tiersOf(relay.queries, JULY).all).toMatchObject({ E: 2 });
  });
});

describe('deliveries and receipts', () => {
  it('lists a sent document without receipts as open, yet counts it as sent', () => {
    using relay = fourTiers();
    relay.report('H09', dispatch(1, [electronic('G12')]));
    expect(tiersOf(relay.queries, JULY).all).toMatchObject({ E: 1, deliveries: 1, open: 1 });
  });

  it('still counts a refused document as sent', () => {
    using relay = fourTiers();
    relay.report('H09', dispatch(1, [electronic('G12')]));
    relay.report('G12', receipt('H09', 1, '02', { reasonCode: 'DUPLICATE', reason: 'trùng' }));
    expect(tiersOf(relay.queries, JULY).province).toMatchObject({
      E: 1,
      refused: 1,
      receipted: 1,
      open: 0,
    });
  });

  // What was damaged on the way was refused before it arrived; a clerk refuses what has arrived.
  it.each([
    { said: ['02', '01'], state: '01' },
    { said: ['01', '02'], state: '02' },
    { said: ['01', '02', '01'], state: '02' },
    { said: ['02', '01', '02'], state: '02' },
    { said: ['01', '02', '03'], state: '03' },
    { said: ['03', '02'], state: '03' },
  ])('a delivery with $said, in whatever order they come, stands at $state', ({ said, state }) => {
    const timed = said.map((status, index) => ({
      status,
      at: `2026-07-10T0${index + 3}:00:00.000Z`,
    }));
    for (const order of [timed, timed.toReversed()]) {
      using relay = fourTiers();
      relay.report('H09', dispatch(1, [electronic('G12')]));
      for (const { status, at } of order) {
        relay.report('G12', receipt('H09', 1, status, { at, reason: 'sai nơi nhận' }));
      }
      expect(relay.queries.track('doc-1', 'H09')[0]?.deliveries).toMatchObject([{ state }]);
      const refused = state === '02' ? 1 : 0;
      expect(tiersOf(relay.queries, JULY).all).toMatchObject({ E: 1, refused });
    }
  });

  it('gives median and 95th percentile of the times to 01 and 03', () => {
    using relay = fourTiers();
    for (let number = 1; number <= 20; number += 1) {
      relay.report('H09', dispatch(number, [electronic('G12')]), '2026-07-10T02:00:00.000Z');
      const at = new Date(Date.parse('2026-07-10T02:00:00.000Z') + number * 1_000).toISOString();
      relay.report('G12', receipt('H09', number, '01', { at }));
      if (number <= 2) relay.report('G12', receipt('H09', number, '03', { at }));
    }
    expect(tiersOf(relay.queries, JULY).all).toMatchObject({
      receipted_01: 20,
      receipted_03: 2,
      receipted_06: 0,
      // By nearest rank 10,000, 19,000, 1,000 and 2,000; each the top of its bucket.
      time_to_01_ms: { median: 10_111, p95: 19_199 },
      time_to_03_ms: { median: 1_007, p95: 2_015 },
    });
  });
});

describe('the period and the scope', () => {
  it('goes by the date of issue, so a late report changes its own month', () => {
    using relay = fourTiers();
    const june = dispatch(1, [electronic('G12')], { issuedOn: '2026-06-30' });
    relay.report('H09', june, '2026-07-05T00:00:00.000Z');
    relay.report('H09', dispatch(2, [electronic('G12')], { issuedOn: '2026-07-01' }));
    const { rows } = relay.queries.breakdown({ period: '2026-06..2026-07', by: 'month' });
    expect(rows.map(({ key, figures }) => [key, figures.E])).toEqual([
      ['2026-06', 1],
      ['2026-07', 1],
    ]);
    expect(tiersOf(relay.queries, JULY).all.E).toBe(1);
  });

  it('takes the tier from the directory', () => {
    using relay = fourTiers();
    relay.addAgency('H09.05', 'province', { parent: codeOf('H09') }); // a provincial department
    relay.report('H09.05', dispatch(1, [electronic('G12')]));
    relay.report('H09.12', dispatch(1, [electronic('G12')]));
    relay.report('H09.12.034', paper(1));
    expect(tiersOf(relay.queries, JULY)).toMatchObject({
      province: { E: 1, P: 0 },
      district: { E: 1, P: 0 },
      commune: { E: 0, P: 1 },
      all: { E: 2, P: 1 },
    });
  });

  it('lists the agencies that reported nothing, instead of counting them as zero', () => {
    using relay = fourTiers();
    relay.addAgency('H10', 'province', { validFrom: '2026-08-01T00:00:00.000Z' });
    relay.addAgency('H11', 'province', { validTo: '2026-01-01T00:00:00.000Z' });
    relay.addAgency('W01', 'central', { role: 'relay' });
    relay.report('H09', dispatch(1, [electronic('G12')]));
    relay.report('G12', receipt('H09', 1, '01')); // it sent nothing, but it is heard of
    const silent = relay.queries.agencies({ ...JULY, standing: 'silent' });
    expect(silent.rows.map(({ code }) => code)).toEqual(['H09.12', 'H09.12.034']);
    const tiers = tiersOf(relay.queries, JULY);
    expect(tiers.province).toMatchObject({ agencies: 1, agencies_silent: 0 });
    expect(tiers.all).toMatchObject({ agencies: 4, agencies_silent: 2 });
  });

  it('can be narrowed to one agency, a tier, or what is below an agency', () => {
    using relay = fourTiers();
    relay.report('H09', dispatch(1, [electronic('G12')]));
    relay.report('H09.12', dispatch(1, [electronic('G12')]));
    relay.report('H09.12.034', dispatch(1, [electronic('G12')]));
    relay.report('G12', dispatch(1, [electronic('H09')]));
    const count = (scope: object) => relay.queries.figures({ ...JULY, ...scope }).figures.E;
    expect(count({})).toBe(4);
    expect(count({ agency: 'h09' })).toBe(1);
    expect(count({ tier: 'commune' })).toBe(1);
    expect(count({ under: 'H09' })).toBe(3);
    expect(count({ under: 'H09', tier: 'district' })).toBe(1);
    const { rows } = relay.queries.breakdown({ ...JULY, under: 'H09.12', by: 'agency' });
    expect(rows.map(({ key, figures }) => [key, figures.E])).toEqual([
      ['H09.12', 1],
      ['H09.12.034', 1],
    ]);
  });

  it.each([
    [{ period: '2026-13' }, 'is not a period'],
    [{ period: '2026-02-30' }, 'is not a period'],
    [{ period: '2025-W53' }, 'is not a period'],
    [{ period: '2026-08..2026-07' }, 'is after'],
    [{ period: '1990..2026' }, 'is more than'],
    [{ ...JULY, agency: 'H99' }, 'is not in the relay'],
  ])('refuses %o', (request, message) => {
    using relay = fourTiers();
    expect(() => relay.queries.figures(request)).toThrow(BusError);
    expect(() => relay.queries.figures(request)).toThrow(message);
  });
});
