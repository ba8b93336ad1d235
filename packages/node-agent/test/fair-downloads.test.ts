import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { connectAgency, encodeReference, parseAgencyCode } from '@congvan/bus';
import { waitUntil } from '@congvan/bus/testing';
import { expect, it } from 'vitest';

import { MAX_PENDING, MAX_PENDING_PER_SENDER } from '../src/inbox/take.ts';
import { takeOverBroker } from './support/broker.ts';
import { documentSubject } from './support/forge.ts';
import { foundTown, makePdf } from './support/town.ts';

const WAIT_MS = 15_000;
const PENDING = 20;
const MIB = 1024 * 1024;

it('fetches what others send when the references of a few senders take all places', async () => {
  await using town = await foundTown();
  const honest = await town.addOffice({ code: 'H09.12', tier: 'district', site: 'H09' });
  const office = await town.addOffice({ code: 'H09.20', tier: 'district', site: 'H09' });
  await using recipient = await office.open({ transferLimits: { turnMs: 200 } });
  await using sender = await honest.open();
  const agents = [recipient, sender];
  await waitUntil(() => agents.every((one) => one.status().directoryEntries >= 3), WAIT_MS);
  const broker = await takeOverBroker(town);
  // Nobody signs a reference: who owns the server of a site may write them under all its names.
  for (let count = 0; count < MAX_PENDING; count += 50) {
    const from = parseAgencyCode(`H09.${100 + Math.floor(count / MAX_PENDING_PER_SENDER)}`);
    const to = { tier: 'district', toSite: 'H09', to: office.code, fromSite: 'H09', from };
    await Promise.all(
      Array.from({ length: 50 }, async () => {
        const sha256 = randomBytes(32).toString('hex');
        const reference = encodeReference({ sha256, bytes: 100_000, chunkBytes: 16 * 1024 });
        await broker.publishMessage(documentSubject(to), reference, { messageId: sha256 });
      }),
    );
  }
  await waitUntil(() => recipient.transfers(MAX_PENDING).length === MAX_PENDING, WAIT_MS);
  const path = join(town.folder, 'phu-luc.bin');
  await writeFile(path, randomBytes(MIB));
  await sender.send({
    to: [office.code],
    document: { name: 'Báo cáo.pdf', pdf: await makePdf('Bao cao') },
    attachments: [{ name: 'Phụ lục.bin', mediaType: 'application/octet-stream', path }],
    abstract: 'Về việc báo cáo',
    documentType: 'Báo cáo',
  });
  await waitUntil(() => recipient.listInbox().length === 1, WAIT_MS);
  await broker.close();
});

it('fetches what others send while one sender names content that never comes', async () => {
  await using town = await foundTown();
  const hostile = await town.addOffice({ code: 'H09.12.034', tier: 'commune', site: 'H09' });
  const honest = await town.addOffice({ code: 'H09.12', tier: 'district', site: 'H09' });
  const office = await town.addOffice({ code: 'H09.20', tier: 'district', site: 'H09' });
  await using recipient = await office.open({ transferLimits: { turnMs: 500 } });
  await using sender = await honest.open();
  const agents = [recipient, sender];
  await waitUntil(() => agents.every((one) => one.status().directoryEntries >= 4), WAIT_MS);
  await using line = await connectAgency({
    servers: [town.bus.url],
    credentials: await readFile(join(hostile.home, 'credentials', 'agent.creds')),
    code: hostile.code,
    site: 'H09',
    name: 'by hand',
  });
  const natsSubject = documentSubject({
    tier: 'district',
    toSite: 'H09',
    to: office.code,
    fromSite: 'H09',
    from: hostile.code,
  }).replace('.normal.', '.urgent.');
  for (let count = 0; count < PENDING; count += 1) {
    const sha256 = randomBytes(32).toString('hex');
    const reference = encodeReference({ sha256, bytes: 100_000, chunkBytes: 16 * 1024 });
    await line.publish(natsSubject, reference, { messageId: sha256 });
  }
  await waitUntil(() => recipient.transfers().length === PENDING, WAIT_MS);
  const path = join(town.folder, 'phu-luc.bin');
  await writeFile(path, randomBytes(MIB));
  await sender.send({
    to: [office.code],
    document: { name: 'Báo cáo.pdf', pdf: await makePdf('Bao cao') },
    attachments: [{ name: 'Phụ lục.bin', mediaType: 'application/octet-stream', path }],
    abstract: 'Về việc báo cáo',
    documentType: 'Báo cáo',
  });
  await waitUntil(() => recipient.listInbox().length === 1, WAIT_MS);
  expect(recipient.transfers().length).toBe(PENDING);
});
