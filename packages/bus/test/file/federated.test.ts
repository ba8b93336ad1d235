import { afterAll, beforeAll, expect, it } from 'vitest';

import type { AgencyConnection } from '../../src/broker/agency-connection.ts';
import { connectAgency } from '../../src/broker/agency-connection.ts';
import { chunkCountOf } from '../../src/file/blob.ts';
import { openCentre } from '../../src/site/centre.ts';
import { mintCentreCredentials } from '../../src/site/credentials.ts';
import type { Enrolled } from '../../src/site/index.ts';
import { type TestPlan, startPlan, waitUntil } from '../../src/testing/index.ts';
import { type TestBlob, download, makeBlob, upload } from './fixture.ts';

let bus: TestPlan;
let owner: Enrolled;
let sender: AgencyConnection;
const readers: AgencyConnection[] = [];

const connect = async ({ entry, credentials }: Enrolled): Promise<AgencyConnection> =>
  await connectAgency({
    servers: bus.urls(entry.site),
    credentials,
    code: entry.code,
    site: entry.site,
    name: 'test',
  });

beforeAll(async () => {
  bus = await startPlan({ plan: 'federated', sites: ['H09', 'H44'], centralServers: 1 });
  owner = await bus.addAgency({ code: 'H09.1', site: 'H09' });
  sender = await connect(owner);
  for (const code of ['H44.1', 'H44.2', 'H44.3']) {
    readers.push(await connect(await bus.addAgency({ code, site: 'H44' })));
  }
}, 120_000);

afterAll(async () => {
  for (const connection of [sender, ...readers]) await connection?.close();
  await bus?.stop();
});

async function messagesIn(place: string, stream: string): Promise<number> {
  return (await (await bus.admin(place)).streamState(stream))?.messageCount ?? -1;
}

const locate = async (connection: AgencyConnection | undefined, blob: TestBlob) => {
  const { fromSite, from, sha256 } = blob;
  const request = { fromSite, from, sha256, chunkCount: chunkCountOf(blob) };
  return await connection?.locateFile(request);
};

it('carries a blob to another site once, however many read it there', async () => {
  const before = await messagesIn('H44', 'BLOB_H44');
  const blob = makeBlob(owner.entry, 1_500_000, 32 * 1024, 1);
  const uploading = upload(sender, blob, { scope: 'cross' });
  const readings = readers.map(async (reader) => await download(reader, blob));
  await uploading;
  for (const content of await Promise.all(readings)) {
    expect(content.equals(blob.content)).toBe(true);
  }
  expect(await locate(readers[0], blob)).toMatchObject({ stream: 'BLOB_H44', scope: 'cache' });
  expect(await messagesIn('H44', 'BLOB_H44')).toBe(before + chunkCountOf(blob));
  // It is read from the copy: the line to the centre is not needed any more.
  bus.cutLink('H44');
  try {
    expect((await download(readers[1] as AgencyConnection, blob)).equals(blob.content)).toBe(true);
  } finally {
    bus.healLink('H44');
  }
});

it('is dropped at the site and at the centre, and can go up again', async () => {
  await using _centre = await openCentre({
    servers: bus.central.map(({ url }) => url),
    streams: bus.plan.places[0]?.streams ?? [],
    credentials: await mintCentreCredentials(bus.operator('central'), new Date()),
  });
  const before = await messagesIn('central', 'BLOBX');
  const blob = makeBlob(owner.entry, 300_000, 32 * 1024, 2);
  await upload(sender, blob, { scope: 'cross' });
  await waitUntil(async () => (await messagesIn('central', 'BLOBX')) === before + 10, 20_000);
  await sender.dropFile(blob);
  await waitUntil(async () => (await messagesIn('central', 'BLOBX')) === before, 20_000);
  expect(await locate(sender, blob)).toMatchObject({ stored: 0 });
  await upload(sender, blob, { scope: 'cross' });
  expect((await download(readers[0] as AgencyConnection, blob)).equals(blob.content)).toBe(true);
});

it('goes on with a copy that a cut line interrupted', async () => {
  const blob = makeBlob(owner.entry, 1_000_000, 32 * 1024, 3);
  let sent = 0;
  const half = Promise.withResolvers<void>();
  const mayProceed = async (): Promise<void> => {
    sent += 1;
    if (sent === 15) await half.promise;
  };
  const uploading = upload(sender, blob, { scope: 'cross', mayProceed });
  const reading = download(readers[2] as AgencyConnection, blob, { random: () => 0 });
  await waitUntil(async () => ((await locate(readers[2], blob))?.stored ?? 0) > 5, 20_000);
  bus.cutLink('H44');
  half.resolve();
  await uploading;
  bus.healLink('H44');
  expect((await reading).equals(blob.content)).toBe(true);
}, 90_000);
