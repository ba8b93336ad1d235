import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';

import {
  MAX_CONTRADICTIONS_KEPT,
  MAX_FURTHER_REMEMBERED,
} from '../../src/relay/storage/contradiction-store.ts';
import { openDatabase } from '../../src/relay/storage/database.ts';
import { MAX_EARLY_RECEIPTS } from '../../src/relay/storage/tracking-store.ts';
import {
  RelayDatabase,
  type Report,
  composeReport,
  dispatch,
  electronic,
  paper,
  receipt,
  voided,
  withdrawn,
} from './relay-database.ts';

const MIGRATIONS = new URL('../../migrations/relay/', import.meta.url);

function takeAll(relay: RelayDatabase, reports: readonly Report[]): void {
  relay.intake.takeAll(reports.map(({ verified, entry }) => ({ report: verified, entry })));
}

function countRows(relay: RelayDatabase, table: string): unknown {
  return relay.db.prepare(`SELECT count(*) FROM ${table}`).pluck().get();
}

function listed(relay: RelayDatabase, agency: string) {
  const [row] = relay.queries.agencies({ period: '2026-07', agency }).rows;
  return { kept: row?.contradictions, further: row?.contradictions_further };
}

describe('receipts for a document that its sender has not reported', () => {
  it('wait up to a limit of one agency; those beyond it are told and count nowhere', () => {
    using relay = new RelayDatabase();
    for (const code of ['H09', 'H10', 'G12']) relay.addAgency(code, 'province');
    const piled = Array.from({ length: MAX_EARLY_RECEIPTS + 3 }, () =>
      relay.compose('H10', receipt('H09', 1, '01')),
    );
    takeAll(relay, piled);
    relay.report('H10', receipt('H09', 2, '01')); // another document
    relay.report('G12', receipt('H09', 1, '03')); // another agency

    expect(countRows(relay, 'early_receipt')).toBe(MAX_EARLY_RECEIPTS + 2);
    expect(relay.queries.counts().reports).toBe(MAX_EARLY_RECEIPTS + 5);
    const [told] = relay.queries.listContradictions();
    expect(relay.queries.listContradictions()).toHaveLength(3);
    expect(told).toMatchObject({
      kind: 'RECEIPT_EARLY_EXCESS',
      agency: 'H10',
      detail: `receipt 01 for document doc-1 of H09, for which ${MAX_EARLY_RECEIPTS} wait`,
    });

    relay.report('H09', dispatch(1, [electronic('G12')]));
    expect(countRows(relay, 'early_receipt')).toBe(1);
    expect(relay.queries.track('doc-1')[0]?.deliveries).toMatchObject([{ state: '03' }]);
    expect(relay.queries.counts().receipts).toMatchObject({ '01': 0, '03': 1 });
  });

  it('are all settled when it comes, however many agencies have answered', () => {
    using relay = new RelayDatabase();
    relay.addAgency('H09', 'province');
    const codes = Array.from({ length: 40 }, (_, index) => `H10.${index + 1}`);
    const early = codes.flatMap((code) =>
      ['01', '03', '04', '05', '06', '05', '04', '01'].map((status) =>
        relay.compose(code, receipt('H09', 1, status)),
      ),
    );
    const gone = codes.slice(0, 3).map((code) => relay.compose('H09', withdrawn(1, code)));
    takeAll(relay, [...early, ...gone]);
    relay.report(
      'H09',
      dispatch(
        1,
        [...codes, 'H11'].map((code) => electronic(code)),
      ),
    );

    expect(countRows(relay, 'early_receipt')).toBe(0);
    const { figures } = relay.queries.figures({ period: '2026-07', agency: 'H09' });
    expect(figures).toMatchObject({ deliveries: 41, receipted: 40, withdrawn: 0 });
    const { receipts } = relay.queries.counts();
    expect(receipts).toEqual({ '01': 40, '02': 0, '03': 40, '06': 40 });
  });

  it('of a database of before go on waiting', () => {
    const folder = mkdtempSync(join(tmpdir(), 'congvan-early-'));
    const file = join(folder, 'relay.sqlite');
    const before = new Database(file);
    const names = readdirSync(MIGRATIONS).filter((name) => name < '0028');
    for (const name of names.toSorted()) {
      before.exec(readFileSync(new URL(name, MIGRATIONS), 'utf8'));
    }
    before.pragma('user_version = 27');
    before.exec(`
      INSERT INTO stored_report (id, agency, number, payload_hash, at_ms, stored_ms, record)
        VALUES (1, 'H10', 1, zeroblob(32), 0, 0, x'00'), (2, 'H10', 2, zeroblob(32), 0, 0, x'00');
      INSERT INTO receipt VALUES (1, NULL, '01', 0, NULL, NULL, NULL, NULL, NULL, 0, 'waiting');
      INSERT INTO early_receipt VALUES ('H09', 'doc-1', 0, 1, 1);
      INSERT INTO register_entry (agency, year, number, kind, report_number, month, issued_on,
        share_class, signed) VALUES ('H10', 2026, 4, 'paper', 2, '2026-07', '2026-07-10', 'P', 0);
      INSERT INTO contradiction (kind, agency, report_number, payload_hash, detail, found_ms)
        VALUES ('NUMBER_BACKDATED', 'H10', 2, '00', 'x', 0);`);
    before.close();
    const db = openDatabase(file);
    try {
      expect(db.prepare('SELECT agency, report FROM early_receipt').raw().all()).toEqual([
        ['H10', 1],
      ]);
      expect(db.prepare('SELECT backdated FROM register_entry').pluck().all()).toEqual([1]);
    } finally {
      db.close();
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

describe('contradictions beyond those that are kept', () => {
  it('of numbers that are dated back are counted once each, whatever comes between', () => {
    using relay = new RelayDatabase();
    relay.addAgency('H09', 'province');
    const beyond = 200;
    const high = MAX_CONTRADICTIONS_KEPT + beyond + 2;
    relay.report('H09', paper(1, '2026-07-09'));
    const numbers = Array.from({ length: high - 2 }, (_, index) => high - index);
    takeAll(
      relay,
      numbers.map((number) => relay.compose('H09', paper(number, '2026-07-01'))),
    );
    expect(listed(relay, 'H09')).toEqual({ kept: MAX_CONTRADICTIONS_KEPT, further: beyond });

    relay.report('H09', paper(2, '2026-07-10')); // every number above is dated before this one too
    expect(listed(relay, 'H09')).toEqual({ kept: MAX_CONTRADICTIONS_KEPT, further: beyond });
  });

  it('of a chain are counted once each, whatever their order and however often they come', () => {
    const forks = Array.from({ length: MAX_CONTRADICTIONS_KEPT + 30 }, (_, index) =>
      composeReport('H09', 1, null, paper(index + 2), '2026-07-10T02:00:00.000Z'),
    );
    for (const order of [forks, forks.toReversed(), [...forks, ...forks.toReversed()]]) {
      using relay = new RelayDatabase();
      relay.addAgency('H09', 'province');
      relay.report('H09', paper(1));
      takeAll(relay, order);
      expect(listed(relay, 'H09')).toEqual({ kept: MAX_CONTRADICTIONS_KEPT, further: 30 });
    }
  });

  it('of a chain are remembered up to a limit, where their count stops', () => {
    using relay = new RelayDatabase();
    relay.addAgency('H09', 'province');
    relay.report('H09', paper(1));
    relay.db.exec(`INSERT INTO contradiction_count
      VALUES ('H09', 'CHAIN_FORK', ${MAX_CONTRADICTIONS_KEPT}, ${MAX_FURTHER_REMEMBERED - 1}, 0)`);
    const at = '2026-07-10T02:00:00.000Z';
    takeAll(
      relay,
      [2, 3, 4].map((number) => composeReport('H09', 1, null, paper(number), at)),
    );
    const limits = { kept: MAX_CONTRADICTIONS_KEPT, further: MAX_FURTHER_REMEMBERED };
    expect(listed(relay, 'H09')).toEqual(limits);
    expect(countRows(relay, 'counted_contradiction')).toBe(1);
  });
});

it('gaps with void numbers between are dated once for all numbers that come together', () => {
  const HIGHEST = 3_000;
  const numbers = Array.from({ length: HIGHEST }, (_, index) => index + 1);
  const dayOf = (number: number): string =>
    new Date(Date.UTC(2026, 0, 1 + Math.floor(number / 10))).toISOString().slice(0, 10);
  const voids = numbers.filter((number) => number % 2 === 0).map((number) => voided(number));
  const papers = numbers
    .filter((number) => number % 4 === 1)
    .map((number) => paper(number, dayOf(number)));

  const town = (): RelayDatabase => {
    const relay = new RelayDatabase();
    relay.addAgency('H09', 'province');
    takeAll(
      relay,
      voids.map((entry) => relay.compose('H09', entry)),
    );
    return relay;
  };
  const changes = (relay: RelayDatabase): number =>
    Number(relay.db.prepare('SELECT total_changes()').pluck().get());
  const gaps = (relay: RelayDatabase): unknown =>
    relay.db.prepare('SELECT * FROM figure_gap ORDER BY agency, year, first_number').all();

  using together = town();
  const before = changes(together);
  takeAll(
    together,
    papers.map((entry) => together.compose('H09', entry)),
  );
  // Some ten rows for each paper with its rollups, and two for each gap.
  expect(changes(together) - before).toBeLessThan(20 * papers.length + 2 * HIGHEST);

  using backwards = town();
  const composed = papers.map((entry) => backwards.compose('H09', entry));
  const halves = [composed.slice(400).toReversed(), composed.slice(0, 400)];
  for (const half of halves) takeAll(backwards, half);
  expect(gaps(backwards)).toEqual(gaps(together));
  const { figures } = together.queries.figures({ period: '2026-07', agency: 'H09' });
  expect(backwards.queries.figures({ period: '2026-07', agency: 'H09' }).figures).toEqual(figures);
  together.intake.upkeep.buildAgain();
  expect(together.queries.figures({ period: '2026-07', agency: 'H09' }).figures).toEqual(figures);
  expect(gaps(together)).toEqual(gaps(backwards));
});
