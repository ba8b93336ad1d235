import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';

import Database from 'better-sqlite3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { openDatabase } from '../../src/relay/storage/database.ts';
import { ReportStore } from '../../src/relay/storage/report-store.ts';
import { packRecord, unpackRecord } from '../../src/relay/storage/record-pack.ts';
import { imitateRecord, makeCountry, makeReports } from '../../src/testing/index.ts';
import { type Report, RelayDatabase, paper } from './relay-database.ts';

const MIGRATIONS = new URL('../../migrations/relay/', import.meta.url);
const COUNTRY = makeCountry(8, 1);

function someReports(count: number) {
  const made = makeReports({
    country: COUNTRY,
    seed: 2,
    from: '2026-06',
    months: 1,
    deliveries: 400,
  });
  return [...made].slice(0, count).map((report) => {
    const from = COUNTRY[report.agencyIndex];
    if (from === undefined) throw new RangeError('no such agency');
    return { ...report, record: imitateRecord(report, from) };
  });
}

describe('records in the database of a relay', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'congvan-storage-'));
  });
  afterAll(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  it('come out as they came in, at a third of their size', () => {
    using database = new RelayDatabase();
    const reports = someReports(300);
    for (const report of reports) database.take({ verified: report, entry: report.entry });
    const read = database.db.prepare<[string, number], { record: Uint8Array; link: string | null }>(
      'SELECT record, previous_hash AS link FROM report WHERE agency = ? AND number = ?',
    );
    for (const { agency, number, record, previousHash } of reports) {
      const found = read.get(agency, number);
      expect(Buffer.from(found?.record ?? []).equals(record)).toBe(true);
      expect(found?.link).toBe(previousHash);
    }
    const bytes = reports.reduce((sum, { record }) => sum + record.length, 0);
    const kept = database.db
      .prepare<[], number>('SELECT sum(length(record)) FROM stored_report')
      .pluck()
      .get();
    expect(kept).toBeLessThan(bytes * 0.4);
  });

  it('come out as they came in when they arrive the wrong way round', () => {
    using database = new RelayDatabase();
    const reports = someReports(200).toReversed();
    for (const report of reports) database.take({ verified: report, entry: report.entry });
    const all = database.db
      .prepare<[], { agency: string; number: number; link: string | null }>(
        'SELECT agency, number, previous_hash AS link FROM report ORDER BY id',
      )
      .all();
    expect(all).toEqual(
      reports.map(({ agency, number, previousHash: link }) => ({ agency, number, link })),
    );
    expect(database.queries.listChains().every(({ upTo, highest }) => upTo === highest)).toBe(true);
  });

  it('of a database of before are read, and go on beside packed ones', () => {
    const file = join(folder, 'before.sqlite');
    const before = new Database(file);
    const names = readdirSync(MIGRATIONS).filter((name) => name < '0015');
    for (const name of names.toSorted()) {
      before.exec(readFileSync(new URL(name, MIGRATIONS), 'utf8'));
      before.pragma(`user_version = ${Number(name.slice(0, 4))}`);
    }
    const agency = COUNTRY[0]?.code;
    const reports = someReports(400).filter((report) => report.agency === agency);
    const old = reports.slice(0, 5);
    const later = reports.slice(5);
    const insert = before.prepare(
      `INSERT INTO report (agency, number, payload_hash, previous_hash, at_ms, stored_ms, record)
       VALUES (@agency, @number, @payloadHash, @previousHash, @atMs, @storedMs, @record)`,
    );
    for (const { entry: _, payload: __, site: ___, ...report } of old) insert.run(report);
    const { number, payloadHash } = old.at(-1) ?? {};
    before
      .prepare(
        'INSERT INTO chain (agency, up_to, up_to_hash, highest, revision) VALUES (?,?,?,?,1)',
      )
      .run(agency, number, payloadHash, number);
    before.close();

    const db = openDatabase(file);
    const store = new ReportStore(db);
    for (const report of later) store.admit(report, 0);
    const wanted = reports.map(({ record }) => Buffer.from(record).toString('base64'));
    const found = store.recordsFrom(agency ?? '', 1, Infinity);
    expect(found.map((record) => Buffer.from(record).toString('base64'))).toEqual(wanted);
    expect(store.chain(agency ?? '').upTo).toBe(reports.length);
    db.close();
  });
});

describe('a packed record', () => {
  const [base, other] = someReports(2).map(({ record }) => record);
  if (base === undefined || other === undefined) throw new RangeError('no records');

  it('is not made where it saves nothing', () => {
    const noise = Uint8Array.from(
      { length: 300 },
      (_, index) => (index * 7_919 + index ** 3) % 251,
    );
    const packed = packRecord(noise, base);
    expect(packed === undefined || packed.length < noise.length).toBe(true);
    expect(packRecord(new Uint8Array(), base)).toBeUndefined();
  });

  it('does not grow beyond what a record may hold', () => {
    const bomb = packRecord(new Uint8Array(10_000_000), base) ?? new Uint8Array();
    expect(() => unpackRecord(bomb, base)).toThrow(RangeError);
  });

  it('cannot be read against another base', () => {
    const packed = packRecord(other, base) ?? new Uint8Array();
    expect(Buffer.from(unpackRecord(packed, base)).equals(other)).toBe(true);
    let read: Uint8Array | undefined;
    try {
      read = unpackRecord(packed, other.subarray(100));
    } catch {
      read = undefined;
    }
    expect(read !== undefined && Buffer.from(read).equals(other)).toBe(false);
  });
});

it('lists reports that came more than a day after the time they state', () => {
  using database = new RelayDatabase();
  const day = 24 * 60 * 60_000;
  const [first, second, third] = ['2026-07-01', '2026-07-02', '2026-07-03'].map((date, index) =>
    database.compose('H09', paper(index + 1, date), `${date}T02:00:00.000Z`),
  );
  if (first === undefined || second === undefined || third === undefined) throw new RangeError();
  const storedAfter = ({ verified, entry }: Report, ms: number): Report => {
    return { verified: { ...verified, storedMs: verified.atMs + ms }, entry };
  };
  database.take(storedAfter(first, 900));
  database.take(storedAfter(second, day + 1));
  database.take(storedAfter(third, day));
  expect(database.queries.listLate()).toEqual([
    {
      id: 2,
      agency: 'H09',
      number: 2,
      at: new Date('2026-07-02T02:00:00.000Z'),
      storedAt: new Date('2026-07-03T02:00:00.001Z'),
    },
  ]);
});
