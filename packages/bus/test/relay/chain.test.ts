import { describe, expect, it } from 'vitest';

import { findContradicting } from '../../src/relay/alerts/rules.ts';
import { AlertStore } from '../../src/relay/storage/alert-store.ts';
import { MAX_CONTRADICTIONS_KEPT } from '../../src/relay/storage/contradiction-store.ts';
import {
  RelayDatabase,
  composeReport,
  dispatch,
  electronic,
  paper,
  receipt,
} from './relay-database.ts';

const AT = '2026-07-10T02:00:00.000Z';

function withAgencies(): RelayDatabase {
  const relay = new RelayDatabase();
  relay.addAgency('H09', 'province');
  relay.addAgency('G12', 'central');
  return relay;
}

function chainOf(relay: RelayDatabase, agency = 'H09') {
  const { upTo, highest, brokenAt } = relay.reports.chain(agency);
  return { upTo, highest, brokenAt, missing: relay.reports.missing(agency, 100) };
}

describe('the chain of an agency', () => {
  it('goes forward while every record links to the one before', () => {
    using relay = withAgencies();
    for (let number = 1; number <= 3; number += 1) relay.report('H09', paper(number));
    expect(chainOf(relay)).toEqual({ upTo: 3, highest: 3, brokenAt: null, missing: [] });
  });

  it('changes nothing when a record comes again', () => {
    using relay = withAgencies();
    const first = relay.compose('H09', dispatch(1, [electronic('G12')]));
    expect(relay.take(first)).toBe('new');
    const before = relay.queries.counts();
    expect(relay.take(first)).toBe('duplicate');
    expect(relay.queries.counts()).toEqual(before);
  });

  it('answers a repeated record with the watermark, which its sender must have missed', () => {
    using relay = withAgencies();
    const first = relay.compose('H09', paper(1));
    relay.take(first);
    relay.reports.watermarkPublished('H09', relay.reports.chain('H09').revision, 0);
    expect(relay.reports.watermarksDue()).toEqual([]);
    relay.take(first);
    expect(relay.reports.watermarksDue()).toEqual(['H09']);
  });

  it('keeps what comes after a gap, asks for the gap, and closes it in any order', () => {
    using relay = withAgencies();
    const reports = new Map([1, 2, 3, 4, 5, 6].map((n) => [n, relay.compose('H09', paper(n))]));
    const take = (number: number) => {
      const report = reports.get(number);
      if (report !== undefined) relay.take(report);
    };
    take(1);
    take(6);
    expect(chainOf(relay)).toMatchObject({ upTo: 1, highest: 6, missing: [[2, 5]] });
    expect(relay.queries.figures({ period: '2026-07' }).figures).toMatchObject({
      P: 2,
      lower_bound: true,
    });
    expect(relay.queries.gaps({ period: '2026-07', kind: 'report' }).rows).toMatchObject([
      { agency: 'H09', kind: 'report', first: 2, last: 5 },
    ]);
    take(4);
    expect(chainOf(relay).missing).toEqual([
      [2, 3],
      [5, 5],
    ]);
    take(5);
    take(3);
    take(2);
    expect(chainOf(relay)).toEqual({ upTo: 6, highest: 6, brokenAt: null, missing: [] });
  });

  it('asks again for a gap only when its last request is old', () => {
    using relay = withAgencies();
    relay.compose('H09', paper(1));
    relay.report('H09', paper(2));
    relay.reports.watermarkPublished('H09', relay.reports.chain('H09').revision, 1_000);
    expect(relay.reports.remindMissing(1_000)).toBe(0);
    expect(relay.reports.remindMissing(1_001)).toBe(1);
    expect(relay.reports.watermarksDue()).toEqual(['H09']);
  });

  it('keeps a fork as a contradiction: the first record of a number counts', () => {
    using relay = withAgencies();
    relay.report('H09', dispatch(1, [electronic('G12')]));
    const other = composeReport('H09', 1, null, paper(1), AT);
    expect(relay.take(other)).toBe('fork');
    expect(relay.take(other)).toBe('fork');
    expect(relay.queries.counts()).toMatchObject({ reports: 1, papers: 0, contradictions: 1 });
    expect(relay.queries.listContradictions()).toMatchObject([
      { kind: 'CHAIN_FORK', agency: 'H09', reportNumber: 1 },
    ]);
  });

  it('keeps so many forks of an agency and counts the others, which the alert tells', () => {
    using relay = withAgencies();
    relay.report('H09', paper(1));
    const forks = Array.from({ length: MAX_CONTRADICTIONS_KEPT + 25 }, (_, index) => {
      const { verified, entry } = composeReport('H09', 1, null, paper(index + 2), AT);
      return { report: verified, entry };
    });
    relay.intake.takeAll(forks);
    const [row] = relay.queries.agencies({ period: '2026-07', agency: 'H09' }).rows;
    const limits = { contradictions: MAX_CONTRADICTIONS_KEPT, contradictions_further: 25 };
    expect(row).toMatchObject(limits);
    const kept = (): unknown =>
      relay.db.prepare('SELECT count(*), sum(length(record)) FROM contradiction').raw().get();
    const before = kept();
    relay.intake.takeAll(forks.slice(0, 5)); // kept ones: nothing new
    relay.intake.takeAll(forks.slice(-1)); // one that is counted only
    expect(kept()).toEqual(before);
    const { figures } = relay.queries.figures({ period: '2026-07', agency: 'H09' });
    expect(figures.contradictions).toBe(MAX_CONTRADICTIONS_KEPT);
    relay.intake.upkeep.buildAgain();
    expect(relay.queries.figures({ period: '2026-07', agency: 'H09' }).figures).toEqual(figures);
    const told = new AlertStore(relay.db).contradictions(0, 10);
    expect(told).toEqual([{ agency: 'H09', count: 10 + 25, kinds: 'CHAIN_FORK' }]);
    expect(findContradicting(told)).toMatchObject([{ severity: 'critical' }]);
  });

  it('stops at a record that links to another past, and says so', () => {
    using relay = withAgencies();
    relay.report('H09', paper(1));
    const rewritten = composeReport('H09', 2, 'f'.repeat(64), paper(2), AT);
    relay.take(rewritten);
    relay.take(composeReport('H09', 3, rewritten.verified.payloadHash, paper(3), AT));
    expect(chainOf(relay)).toEqual({ upTo: 1, highest: 3, brokenAt: 2, missing: [] });
    expect(relay.queries.listContradictions()).toMatchObject([
      { kind: 'CHAIN_BROKEN', agency: 'H09', reportNumber: 2 },
    ]);
    expect(relay.queries.listChains()).toMatchObject([{ agency: 'H09', upTo: 1, brokenAt: 2 }]);
  });
});

describe('receipts', () => {
  it('that an agency gives twice for one delivery count once', () => {
    using relay = withAgencies();
    relay.report('H09', dispatch(1, [electronic('G12')]));
    relay.report('G12', receipt('H09', 1, '01'));
    relay.report('G12', receipt('H09', 1, '01', { at: '2026-07-11T03:00:00.000Z' }));
    expect(relay.queries.counts()).toMatchObject({ reports: 3, receipts: { '01': 1 } });
  });

  it('that come before the dispatch they answer are kept and joined', () => {
    using relay = withAgencies();
    relay.report('G12', receipt('H09', 1, '01'));
    const accepted = { at: '2026-07-10T03:00:00.000Z', incoming: { year: 2026, number: 7 } };
    relay.report('G12', receipt('H09', 1, '03', accepted));
    expect(relay.queries.track('doc-1')).toEqual([]);
    expect(relay.queries.counts().receipts).toMatchObject({ '01': 0, '03': 0 });
    relay.report('H09', dispatch(1, [electronic('G12')]));
    expect(relay.queries.track('doc-1', 'H09')[0]?.deliveries).toMatchObject([
      {
        to: 'G12',
        toName: 'Agency G12',
        state: '03',
        receipts: [{ status: '01' }, { status: '03', incoming: { year: 2026, number: 7 } }],
      },
    ]);
  });

  it('give the furthest state whatever their order', () => {
    using relay = withAgencies();
    relay.report('H09', dispatch(1, [electronic('G12')]));
    for (const status of ['06', '03', '01', '05', '12']) {
      relay.report('G12', receipt('H09', 1, status));
    }
    const [document] = relay.queries.track('1/UBND-VP');
    expect(document?.deliveries[0]?.state).toBe('06');
    expect(document?.deliveries[0]?.receipts).toHaveLength(5);
  });

  it('of a refusal stand until the recipient says something better later', () => {
    using relay = withAgencies();
    relay.report('H09', dispatch(1, [electronic('G12')]));
    const damaged = { at: '2026-07-10T02:00:10.000Z', packageDigest: null, reason: 'hỏng' };
    relay.report('G12', receipt('H09', 1, '01', { at: '2026-07-10T02:00:20.000Z' }));
    relay.report('G12', receipt('H09', 1, '02', damaged));
    expect(relay.queries.track('doc-1')[0]?.deliveries[0]?.state).toBe('01');
    relay.report('G12', receipt('H09', 1, '02', { at: '2026-07-10T02:00:30.000Z' }));
    expect(relay.queries.track('doc-1')[0]?.deliveries[0]?.state).toBe('02');
  });

  it('of a stranger, for another package or without one are shown and not counted', () => {
    using relay = withAgencies();
    relay.addAgency('H10', 'province');
    relay.report('G12', receipt('H09', 1, '01', { packageDigest: 'a'.repeat(64) })); // comes early
    relay.report('H09', dispatch(1, [electronic('G12')]));
    relay.report('H10', receipt('H09', 1, '01'));
    relay.report('G12', receipt('H09', 1, '03', { packageDigest: null }));
    expect(relay.queries.counts().receipts).toEqual({ '01': 0, '02': 0, '03': 0, '06': 0 });
    const [document] = relay.queries.track('doc-1');
    expect(document?.deliveries).toMatchObject([{ state: 'sent', receipts: [] }]);
    expect(document?.contradictory.map(({ from, status }) => [from, status])).toEqual([
      ['G12', '01'],
      ['H10', '01'],
      ['G12', '03'],
    ]);
    expect(relay.queries.listContradictions().map(({ kind }) => kind)).toEqual([
      'RECEIPT_DIGEST_MISSING',
      'RECEIPT_NOT_ADDRESSED',
      'RECEIPT_DIGEST_DIFFERS',
    ]);
  });

  it('are kept apart for two documents of the same id from two senders', () => {
    using relay = withAgencies();
    relay.report('H09', dispatch(1, [electronic('G12')]));
    relay.report('G12', dispatch(1, [electronic('H09')]));
    relay.report('G12', receipt('H09', 1, '01'));
    const states = relay.queries
      .track('doc-1')
      .map(({ from, deliveries }) => [from, deliveries[0]?.state]);
    expect(states).toEqual([
      ['G12', 'sent'],
      ['H09', '01'],
    ]);
    expect(relay.queries.track('doc-1', 'G12')).toHaveLength(1);
  });
});

it('shows a document that is dispatched twice and counts the first', () => {
  using relay = withAgencies();
  relay.report('H09', dispatch(1, [electronic('G12')]));
  relay.report('H09', dispatch(2, [electronic('G12', 'E+P')], { documentId: 'doc-1' }));
  expect(relay.queries.listContradictions()).toMatchObject([{ kind: 'DOCUMENT_REDISPATCHED' }]);
  expect(relay.queries.track('doc-1')).toHaveLength(1);
});
