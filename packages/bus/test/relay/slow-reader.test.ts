import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';

import { afterAll, beforeAll, expect, it } from 'vitest';

import { AlertStore } from '../../src/relay/storage/alert-store.ts';
import { AuditStore } from '../../src/relay/storage/audit-store.ts';
import { openDatabaseForReading } from '../../src/relay/storage/database.ts';
import { AlertWatch } from '../../src/relay/alerts/watch.ts';
import { alertSettings } from '../../src/relay/alerts/settings.ts';
import { Webhooks } from '../../src/relay/alerts/webhook.ts';
import { backupFolder } from '../../src/sqlite/backup.ts';
import { RelayDatabase, paper } from './relay-database.ts';
import { openHttpTown } from './http/http-town.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'slow-reader-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Takes reports in, each in a transaction of its own. */
function takeIn(database: RelayDatabase, from: number, count: number): void {
  for (let number = from; number < from + count; number += 1) database.report('H09', paper(number));
}

/** Whether all of the log can go to the file: nobody holds an earlier state. */
function isLogFree({ db }: RelayDatabase): boolean {
  const [row] = db.pragma('wal_checkpoint(TRUNCATE)') as [{ busy: number; log: number }];
  return row.busy === 0 && row.log === 0;
}

function logBytes({ folder: home }: RelayDatabase): number {
  return statSync(join(home, 'relay.sqlite-wal')).size;
}

it('an export that takes its time lets reports in and the log of the database go to the file', () => {
  using database = new RelayDatabase();
  database.addAgency('H09', 'province');
  takeIn(database, 1, 1_200);
  const reader = openDatabaseForReading(join(database.folder, 'relay.sqlite'));
  const store = new AuditStore(reader);
  const read: number[] = [];
  const records = store.records(0, 1_200);
  for (let turn = 0; turn < 3; turn += 1) {
    for (let count = 0; count < 400; count += 1) {
      const next = records.next();
      if (next.done !== true) read.push(next.value.id);
    }
    takeIn(database, 2_000 + turn * 10, 10);
    expect({ turn, isLogFree: isLogFree(database) }).toEqual({ turn, isLogFree: true });
  }
  expect(records.next().done).toBe(true);
  expect(read).toEqual(Array.from({ length: 1_200 }, (_, index) => index + 1));
  const entries = store.directory(1);
  entries.next();
  expect(isLogFree(database)).toBe(true);
  reader.close();
});

it('a reader that holds on is told of, reports come in all the same, and the log is given back after it', async () => {
  using database = new RelayDatabase();
  database.addAgency('H09', 'province');
  const store = new AlertStore(database.db);
  const now = () => new Date('2026-07-10T03:00:00Z');
  const log = (): void => undefined;
  const watch = new AlertWatch({
    store,
    settings: alertSettings.parse({ logMib: 1 }),
    figures: database.queries,
    targets: {},
    webhooks: new Webhooks({ store, hooks: [], relay: 'G01.99', now, log }),
    home: database.folder,
    status: () => ({ broker: 'connected', pendingReports: 0, storageFailing: null }),
    certificates: async () => [],
    now,
    log,
  });
  database.db.pragma('wal_autocheckpoint = 20');
  database.db.pragma('journal_size_limit = 65536');
  const reader = openDatabaseForReading(join(database.folder, 'relay.sqlite'));
  reader.exec('BEGIN');
  const count = reader.prepare<[], number>('SELECT count(*) FROM report').pluck();
  expect(count.get()).toBe(0);
  let taken = 0;
  while (logBytes(database) < 1.5 * 1024 * 1024) {
    takeIn(database, taken + 1, 50);
    taken += 50;
  }
  expect(count.get()).toBe(0);
  await watch.check();
  expect(watch.counts().get('LOG_LARGE')).toBe(1);

  reader.exec('COMMIT');
  expect(count.get()).toBe(taken);
  for (let turn = 0; turn < 3; turn += 1) takeIn(database, taken + 1 + turn * 50, 50);
  expect(logBytes(database)).toBeLessThan(512 * 1024);
  await watch.check();
  expect(watch.counts().get('LOG_LARGE')).toBeUndefined();
  reader.close();
  await watch.close();
});

it('a backup ends though reports come in all the time, and holds one moment', async () => {
  using database = new RelayDatabase();
  database.addAgency('H09', 'province');
  takeIn(database, 1, 1_500);
  let isDone = false;
  const to = join(folder, 'copy');
  const copied = backupFolder({
    home: database.folder,
    to,
    database: 'relay.sqlite',
    parts: [],
  }).finally(() => {
    isDone = true;
  });
  let taken = 1_500;
  for (; !isDone; taken += 1) {
    takeIn(database, taken + 1, 1);
    await setImmediate();
  }
  await copied;
  const copy = openDatabaseForReading(join(to, 'relay.sqlite'));
  const count = copy.prepare<[], number>('SELECT count(*) FROM report').pluck().get() ?? 0;
  expect(copy.pragma('integrity_check', { simple: true })).toBe('ok');
  copy.close();
  expect(count).toBeGreaterThanOrEqual(1_500);
  expect(count).toBeLessThan(taken);
});

it('pages and API hold no state of the database between requests, whoever breaks off', async () => {
  await using town = await openHttpTown({
    fill: (database) => {
      database.addAgency('H09', 'province');
      takeIn(database, 1, 1_200);
      database.sweep(new Date('2026-11-22T02:00:00Z'));
    },
  });
  await town.publish('2026-07');
  const token = await town.account({ name: 'lan', role: 'auditor' });
  const paths = [
    '/',
    '/deliveries?period=2026-07',
    '/contradictions',
    '/csv/deliveries?period=2026-07',
    '/csv/late',
    '/api/v1/breakdown?period=2026-07&by=agency',
    '/api/v1/publications/2026-07/sections/figures?limit=1',
    '/api/v1/publications/2026-07/file',
    '/api/v1/documents/nothing',
  ];
  for (const path of paths) {
    await town.ask(path, { token });
    const stop = new AbortController();
    const headers = { authorization: `Bearer ${token}` };
    const broken = fetch(`${town.side.url}${path}`, { headers, signal: stop.signal });
    await broken.then((answer) => stop.abort(answer.status)).catch(() => undefined);
    takeIn(town.database, 5_000 + paths.indexOf(path), 1);
    expect({ path, isLogFree: isLogFree(town.database) }).toEqual({ path, isLogFree: true });
  }
});
