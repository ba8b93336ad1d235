import { waitUntil } from '@congvan/bus/testing';
import Database from 'better-sqlite3';
import { expect, it } from 'vitest';

import { layoutOf } from '../src/index.ts';
import { foundTown, makePdf } from './support/town.ts';

const WAIT_MS = 30_000;
const QUEUED = 20_000;

it('lets an urgent document pass a long queue of ordinary messages, and says how long that is', async () => {
  await using town = await foundTown();
  const commune = await town.addOffice({ code: 'H09.12.034', tier: 'commune', site: 'H09' });
  const district = await town.addOffice({ code: 'H09.12', tier: 'district', site: 'H09' });
  await using recipient = await district.open();
  const first = await commune.open();
  await waitUntil(() => first.status().directoryEntries >= 3, WAIT_MS);
  const request = {
    to: [district.code],
    document: { name: 'van-ban.pdf', pdf: await makePdf('khan') },
    abstract: 'Hỏa tốc',
    documentType: 'Công văn',
  };
  await first.send(request);
  await waitUntil(() => recipient.listInbox().length === 1, WAIT_MS);
  await first.close();

  // The report of the first document waits many times over, as after weeks without a line.
  const db = new Database(layoutOf(commune.home).database);
  db.prepare(
    `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
     INSERT INTO outbox (message_id, purpose, record_id, recipient, lane, created_ms, next_try_ms)
     SELECT printf('%064x', i), 'report', (SELECT min(id) FROM record WHERE type = 'report'), '',
       'normal', 1, i FROM n`,
  ).run(QUEUED);
  db.close();
  await using sender = await commune.open();
  await waitUntil(() => sender.status().rates.normal > 0, WAIT_MS);
  const ordinary = await sender.send(request);
  expect(ordinary.place.ahead).toBeGreaterThan(1_000);
  expect(ordinary.place.aboutSeconds).toBeGreaterThan(0);
  const urgent = await sender.send({ ...request, priority: 3 });
  const [delivery] = urgent.deliveries;
  await waitUntil(() => recipient.listInbox().some(({ id }) => id === delivery?.id), WAIT_MS);
  const { waiting } = sender.status().outbox;
  expect(urgent.place.ahead).toBe(0);
  expect(waiting).toBeGreaterThan(1_000);
});
