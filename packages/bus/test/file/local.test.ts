import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { AgencyConnection } from '../../src/broker/agency-connection.ts';
import { chunkCountOf } from '../../src/file/blob.ts';
import type { Enrolled } from '../../src/site/index.ts';
import { type BlobName, chunkSubject } from '../../src/subject/blob-subject.ts';
import { type LocalBus, startLocalBus, waitUntil } from '../../src/testing/index.ts';
import { connectEnrolled } from '../broker/harness.ts';
import { type TestBlob, download, makeBlob, upload } from './fixture.ts';

const MEBIBYTE = 1024 * 1024;

let bus: LocalBus;
let owner: Enrolled;
let other: Enrolled;
let sender: AgencyConnection;
let reader: AgencyConnection;

beforeAll(async () => {
  bus = await startLocalBus({ sites: ['H09', 'H44'] });
  owner = await bus.addAgency({ code: 'H09.1', site: 'H09' });
  other = await bus.addAgency({ code: 'H44.1', site: 'H44' });
  sender = await connectEnrolled(bus, owner);
  reader = await connectEnrolled(bus, other);
});

afterAll(async () => {
  await sender?.close();
  await reader?.close();
  await bus?.stop();
});

function nameOf({ fromSite, from, sha256 }: TestBlob): BlobName {
  return { fromSite, from, sha256 };
}

describe('a blob', () => {
  it('goes up once and comes down whole, also on another site of the same broker', async () => {
    const blob = makeBlob(owner.entry, 5 * MEBIBYTE + 1, 128 * 1024);
    expect(await upload(sender, blob)).toEqual({ finished: true, movedBytes: blob.bytes });
    expect((await download(reader, blob)).equals(blob.content)).toBe(true);
    await waitUntil(async () => {
      const location = await sender.locateFile({ ...nameOf(blob), chunkCount: chunkCountOf(blob) });
      return location.missing.length === 0;
    });
    expect(await upload(sender, blob)).toEqual({ finished: true, movedBytes: 0 });
  });

  it('keeps its first bytes when somebody puts a chunk again', async () => {
    const blob = makeBlob(owner.entry, 40_000, 32 * 1024, 2);
    const chunk = { scope: 'local' as const, sha256: blob.sha256, index: 0 };
    const data = blob.content.subarray(0, 32 * 1024);
    expect(await sender.putChunk({ ...chunk, data })).toBe('stored');
    expect(await sender.putChunk({ ...chunk, data: new Uint8Array(9) })).toBe('present');
    const location = await reader.locateFile({ ...nameOf(blob), chunkCount: 2 });
    const kept = await reader.getChunk(location, blob, 0);
    expect(Buffer.from(kept ?? []).equals(data)).toBe(true);
    expect(await reader.getChunk(location, blob, 1)).toBeUndefined();
  });

  it('can be read while it is still going up', async () => {
    const blob = makeBlob(owner.entry, MEBIBYTE, 32 * 1024, 3);
    const started = Promise.withResolvers<void>();
    let sent = 0;
    const mayProceed = async (): Promise<void> => {
      sent += 1;
      if (sent === 10) await started.promise;
    };
    const uploading = upload(sender, blob, { mayProceed });
    let got = 0;
    const reading = download(reader, blob, {
      random: () => 0,
      onProgress: ({ doneBytes }) => {
        got = doneBytes;
        if (got > 0) started.resolve();
      },
    });
    await uploading;
    expect(got).toBeGreaterThan(0);
    expect((await reading).equals(blob.content)).toBe(true);
  });

  it('is dropped by its sender, and by nobody else', async () => {
    const blob = makeBlob(owner.entry, 100_000, 32 * 1024, 4);
    await upload(sender, blob);
    await reader.dropFile(blob); // a blob of this digest of its own, of which there is none
    expect((await download(reader, blob)).equals(blob.content)).toBe(true);
    await sender.dropFile(blob);
    const location = await reader.locateFile({ ...nameOf(blob), chunkCount: 4 });
    expect(location).toMatchObject({ stored: 0, missing: [[0, 3]] });
    expect(await reader.getChunk(location, blob, 0)).toBeUndefined();
    const gone = download(reader, blob, { patienceMs: 50, random: () => 0 });
    await expect(gone).rejects.toMatchObject({ code: 'BUS_BLOB_INCOMPLETE' });
    // What is needed after all goes up again.
    await upload(sender, blob);
    expect((await download(reader, blob)).equals(blob.content)).toBe(true);
  });

  it('says what is missing of it, and what its sender has used', async () => {
    const blob = makeBlob(owner.entry, 10 * 32 * 1024, 32 * 1024, 5);
    for (const index of [0, 1, 5]) {
      const data = blob.content.subarray(index * 32 * 1024, (index + 1) * 32 * 1024);
      await sender.putChunk({ scope: 'cross', sha256: blob.sha256, index, data });
    }
    const ask = async () => await sender.locateFile({ ...nameOf(blob), chunkCount: 10 });
    await waitUntil(async () => (await ask()).stored === 3);
    const location = await ask();
    expect(location).toMatchObject({
      stream: 'BLOB_H09',
      scope: 'cross',
      missing: [
        [2, 4],
        [6, 9],
      ],
    });
    const { quota } = location;
    expect(quota?.usedBytes).toBeGreaterThanOrEqual(3 * 32 * 1024);
    expect(quota?.maxBytes).toBe(32 * MEBIBYTE);
    const local = await sender.locateFile({ ...nameOf(blob), chunkCount: 10, scope: 'local' });
    expect(local).toMatchObject({ scope: 'local', stored: 0 });
  });
});

describe('the broker refuses', () => {
  it('a chunk under the name of another agency', async () => {
    const blob = makeBlob(other.entry, 1000);
    const subject = chunkSubject({ ...nameOf(blob), scope: 'local', index: 0 });
    const forged = sender.publish(subject, blob.content, { messageId: 'forged' });
    await expect(forged).rejects.toMatchObject({ code: 'BUS_PUBLISH_REFUSED' });
  });

  it('a copy that only a site may make, even under its own name', async () => {
    const blob = makeBlob(owner.entry, 1000);
    const subject = chunkSubject({ ...nameOf(blob), scope: 'cache', index: 0 });
    const forged = sender.publish(subject, blob.content, { messageId: 'cache' });
    await expect(forged).rejects.toMatchObject({ code: 'BUS_PUBLISH_REFUSED' });
  });

  it('to drop a blob of another agency', async () => {
    const blob = makeBlob(other.entry, 1000);
    const subject = `vb.file.drop.H44.H44-1.${blob.sha256}`;
    const forged = sender.publish(subject, new Uint8Array(), { messageId: 'drop' });
    await expect(forged).rejects.toMatchObject({ code: 'BUS_PUBLISH_REFUSED' });
  });
});

it('refuses a chunk over its limit before it goes on the line', async () => {
  const chunk = { scope: 'local' as const, sha256: 'ab'.repeat(32), index: 0 };
  for (const length of [0, 128 * 1024 + 1]) {
    await expect(sender.putChunk({ ...chunk, data: new Uint8Array(length) })).rejects.toMatchObject(
      { code: 'BUS_BLOB_INVALID' },
    );
  }
});

it('takes a chunk that is too large from nobody', async () => {
  const blob = makeBlob(owner.entry, 200_000, 128 * 1024, 6);
  const subject = chunkSubject({ ...nameOf(blob), scope: 'local', index: 0 });
  await sender.publish(subject, blob.content, { messageId: 'oversize' });
  await expect(download(reader, blob)).rejects.toMatchObject({ code: 'BUS_BLOB_INVALID' });
});

it('works the same at a site that is hosted later', async () => {
  await bus.addSite('H50');
  const late = await bus.addAgency({ code: 'H50.1', site: 'H50' });
  await using connection = await connectEnrolled(bus, late);
  const blob = makeBlob(late.entry, 100_000, 32 * 1024, 7);
  await upload(connection, blob);
  expect((await download(reader, blob)).equals(blob.content)).toBe(true);
  await connection.dropFile(blob);
  const location = await connection.locateFile({ ...nameOf(blob), chunkCount: 4 });
  expect(location).toMatchObject({ stored: 0 });
});
