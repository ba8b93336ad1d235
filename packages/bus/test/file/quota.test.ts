import { credsAuthenticator, headers } from '@nats-io/transport-node';
import { connect } from '@nats-io/transport-node';
import { expect, it } from 'vitest';

import { connectSite } from '../../src/broker/site-connection.ts';
import { BusError } from '../../src/errors.ts';
import { chunkCountOf } from '../../src/file/blob.ts';
import { MAX_STRAYS_OF_OWNER } from '../../src/site/files/chunk-index.ts';
import { openFilesDesk } from '../../src/site/files/desk.ts';
import { openStoredChunks } from '../../src/site/files/stored-chunks.ts';
import { mintSiteCredentials } from '../../src/site/index.ts';
import { chunkSubject } from '../../src/subject/blob-subject.ts';
import { TEST_STREAM_LIMITS, startLocalBus, waitUntil } from '../../src/testing/index.ts';
import { connectEnrolled } from '../broker/harness.ts';
import { makeBlob, upload } from './fixture.ts';

const MEBIBYTE = 1024 * 1024;

it('refuses an upload over the quota before it starts, until room is made', async () => {
  const limits = { ...TEST_STREAM_LIMITS, blobBytes: 4 * MEBIBYTE };
  await using bus = await startLocalBus({ sites: ['H09'], limits });
  const owner = await bus.addAgency({ code: 'H09.1', site: 'H09' });
  await using sender = await connectEnrolled(bus, owner);
  const first = makeBlob(owner.entry, 1.5 * MEBIBYTE, 32 * 1024, 1);
  const second = makeBlob(owner.entry, MEBIBYTE, 32 * 1024, 2);
  const { fromSite, from, sha256 } = first;
  const chunkCount = chunkCountOf(first);
  await waitUntil(async () => {
    const location = await sender.locateFile({ fromSite, from, sha256, chunkCount });
    return location.quota !== undefined;
  });
  await upload(sender, first);
  await waitUntil(async () => {
    const location = await sender.locateFile({ fromSite, from, sha256, chunkCount });
    return location.missing.length === 0;
  });
  await expect(upload(sender, second)).rejects.toMatchObject({
    code: 'BUS_QUOTA_EXCEEDED',
    message: expect.stringMatching(/^H09\.1 cannot upload more now: 1572864 bytes/) as unknown,
  });
  await sender.dropFile(first);
  expect((await upload(sender, second)).finished).toBe(true);
});

it('deletes what an agency uploads without asking, and leaves the others their room', async () => {
  const blobBytes = 4 * MEBIBYTE;
  await using bus = await startLocalBus({
    sites: ['H09'],
    limits: { ...TEST_STREAM_LIMITS, blobBytes },
  });
  const owner = await bus.addAgency({ code: 'H09.1', site: 'H09' });
  const quiet = await bus.addAgency({ code: 'H09.2', site: 'H09' });
  await using sender = await connectEnrolled(bus, owner);
  await using other = await connectEnrolled(bus, quiet);
  const kept = makeBlob(quiet.entry, 500_000, 32 * 1024, 1);
  await upload(other, kept);
  const errors: Error[] = [];
  const { operator, url } = bus.server();
  const credentials = await mintSiteCredentials(operator, new Date());
  await using connection = await connectSite({ servers: url, credentials });
  const desk = openFilesDesk({
    connection,
    checkMs: 50,
    onError: (error) => errors.push(error),
    limits: { agencyShare: 0.25, agencyFiles: 10, cacheShare: 0.25 },
  });
  desk.addSites(['H09']);
  try {
    for (const seed of [2, 3, 4]) {
      const blob = makeBlob(owner.entry, 600_000, 32 * 1024, seed);
      for (let index = 0; index < chunkCountOf(blob); index += 1) {
        const data = blob.content.subarray(index * 32 * 1024, (index + 1) * 32 * 1024);
        await sender.putChunk({ scope: 'local', sha256: blob.sha256, index, data });
      }
    }
    await waitUntil(() => errors.length > 0);
    const [told] = errors;
    expect(told).toBeInstanceOf(BusError);
    expect(told).toMatchObject({ code: 'BUS_QUOTA_EXCEEDED', details: { from: 'H09.1' } });
    const state = await connection.streamState('BLOB_H09');
    expect(state?.bytes).toBeLessThan(blobBytes / 2);
    const { fromSite, from, sha256 } = kept;
    const chunkCount = chunkCountOf(kept);
    expect(await other.locateFile({ fromSite, from, sha256, chunkCount })).toMatchObject({
      missing: [],
    });
  } finally {
    await desk.stop();
  }
});

it('deletes what an agency publishes among the chunks that is none', async () => {
  await using bus = await startLocalBus({ sites: ['H09'] });
  const owner = await bus.addAgency({ code: 'H09.1', site: 'H09' });
  await using sender = await connectEnrolled(bus, owner);
  const { operator, url } = bus.server();
  const credentials = await mintSiteCredentials(operator, new Date());
  await using connection = await connectSite({ servers: url, credentials });
  const errors: Error[] = [];
  const onError = (error: Error): void => void errors.push(error);
  const blob = makeBlob(owner.entry, 100_000);
  await upload(sender, blob);
  for (const tail of ['junk.1', `${blob.sha256}.x`, `${blob.sha256}.99999999`]) {
    const subject = `vb.blob.local.H09.H09-1.${tail}`;
    await sender.publish(subject, new Uint8Array(10), { messageId: tail });
  }
  const desk = openFilesDesk({ connection, checkMs: 50, onError });
  desk.addSites(['H09']);
  await waitUntil(async () => (await connection.streamState('BLOB_H09'))?.messageCount === 4);
  await desk.stop();
  expect(errors[0]).toMatchObject({
    code: 'BUS_BLOB_INVALID',
    message: expect.stringContaining('vb.blob.local.H09.H09-1.') as unknown,
  });
});

it('charges what an agency hides in headers, and believes no size that it writes itself', async () => {
  await using bus = await startLocalBus({ sites: ['H09'] });
  const owner = await bus.addAgency({ code: 'H09.1', site: 'H09' });
  await using raw = await connect({
    servers: bus.url,
    authenticator: credsAuthenticator(owner.credentials),
    inboxPrefix: '_INBOX.H09-1',
  });
  const names = { fromSite: 'H09', from: owner.entry.code } as const;
  const put = async (letter: string, set: Record<string, string>, body: Uint8Array) => {
    const subject = chunkSubject({ ...names, scope: 'local', sha256: letter.repeat(64), index: 0 });
    const fields = headers();
    for (const [key, value] of Object.entries(set)) fields.set(key, value);
    await raw.request(subject, body, { headers: fields, timeout: 5_000 });
  };
  await put('a', { Hoard: 'x'.repeat(60_000) }, new Uint8Array(1));
  await put('b', { 'Nats-Msg-Size': '1' }, new Uint8Array(200_000));
  const { operator, url } = bus.server();
  const credentials = await mintSiteCredentials(operator, new Date());
  await using connection = await connectSite({ servers: url, credentials });
  const chunks = openStoredChunks({ connection, stream: 'BLOB_H09', onError: () => {} });
  expect(await chunks.whenKnown(5_000)).toBe(true);
  expect(chunks.index.usageOf(names).bytes).toBeGreaterThan(260_000);
  await chunks.stop();
});

it('takes back the room of an agency that floods the stream with what is no chunk', async () => {
  await using bus = await startLocalBus({ sites: ['H09'] });
  const owner = await bus.addAgency({ code: 'H09.1', site: 'H09' });
  const quiet = await bus.addAgency({ code: 'H09.2', site: 'H09' });
  await using sender = await connectEnrolled(bus, owner);
  await using other = await connectEnrolled(bus, quiet);
  const kept = makeBlob(quiet.entry, 100_000);
  await upload(other, kept);
  const publish = async (tail: string): Promise<void> => {
    const subject = `vb.blob.cross.H09.H09-1.${tail}`;
    await sender.publish(subject, new Uint8Array(1_000), { messageId: tail });
  };
  for (let count = 0; count < MAX_STRAYS_OF_OWNER + 100; count += 50) {
    await Promise.all(
      Array.from({ length: 50 }, async (_, index) => {
        const sha256 = (count + index).toString(16).padStart(64, '0');
        await publish(index % 2 === 0 ? `${sha256}.junk` : `${sha256}.dropped`);
      }),
    );
  }
  const { operator, url } = bus.server();
  const credentials = await mintSiteCredentials(operator, new Date());
  await using connection = await connectSite({ servers: url, credentials });
  const errors: Error[] = [];
  const onError = (error: Error): void => void errors.push(error);
  const desk = openFilesDesk({ connection, checkMs: 50, onError });
  desk.addSites(['H09']);
  await waitUntil(async () => (await connection.streamState('BLOB_H09'))?.messageCount === 4);
  await desk.stop();
  expect(errors).toContainEqual(
    expect.objectContaining({
      code: 'BUS_BLOB_INVALID',
      details: { from: 'H09.1', what: 'strays' },
    }),
  );
});

it('notices that chunks were deleted by somebody else', async () => {
  await using bus = await startLocalBus({ sites: ['H09'] });
  const owner = await bus.addAgency({ code: 'H09.1', site: 'H09' });
  await using sender = await connectEnrolled(bus, owner);
  const { operator, url } = bus.server();
  const credentials = await mintSiteCredentials(operator, new Date());
  await using connection = await connectSite({ servers: url, credentials });
  const blob = makeBlob(owner.entry, 100_000);
  await upload(sender, blob);
  const index = openStoredChunks({ connection, stream: 'BLOB_H09', onError: () => {} });
  expect(await index.whenKnown(5_000)).toBe(true);
  await waitUntil(() => index.index.chunkCount === 4);
  const { fromSite, from, sha256 } = blob;
  const subject = chunkSubject({ fromSite, from, sha256, scope: 'local', index: 1 });
  expect(await connection.purgeMessages('BLOB_H09', subject)).toBe(1);
  await waitUntil(async () => {
    await index.compare();
    return index.index.chunkCount === 3;
  });
  await index.stop();
});

it('says in plain words when the store itself is full', async () => {
  const blobBytes = 200_000;
  await using bus = await startLocalBus({
    sites: ['H09'],
    limits: { ...TEST_STREAM_LIMITS, blobBytes },
  });
  const owner = await bus.addAgency({ code: 'H09.1', site: 'H09' });
  await using sender = await connectEnrolled(bus, owner);
  const blob = makeBlob(owner.entry, 300_000);
  const put = async (index: number) =>
    await sender.putChunk({
      scope: 'local',
      sha256: blob.sha256,
      index,
      data: blob.content.subarray(index * 32 * 1024, (index + 1) * 32 * 1024),
    });
  const fill = async (): Promise<void> => {
    for (let index = 0; index < chunkCountOf(blob); index += 1) await put(index);
  };
  await expect(fill()).rejects.toMatchObject({
    code: 'BUS_STORE_FULL',
    message: 'the broker has no room for more files now: maximum bytes exceeded',
  });
  expect(await put(0)).toBe('present');
  await sender.dropFile(blob);
  expect(await put(0)).toBe('stored');
});
