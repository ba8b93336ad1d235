import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

import { type AgencyConnection, connectAgency } from '../../src/broker/agency-connection.ts';
import { chunkCountOf } from '../../src/file/blob.ts';
import { messageSubject } from '../../src/subject/subject.ts';
import { startLocalBus, startShapedLine, waitUntil } from '../../src/testing/index.ts';
import { connectEnrolled } from '../broker/harness.ts';
import { type TestBlob, download, makeBlob, upload } from './fixture.ts';

const CHILD = fileURLToPath(new URL('upload-child.ts', import.meta.url));

async function storedCount(connection: AgencyConnection, blob: TestBlob): Promise<number> {
  const { fromSite, from, sha256 } = blob;
  const request = { fromSite, from, sha256, chunkCount: chunkCountOf(blob) };
  return (await connection.locateFile(request)).stored;
}

it('goes on with an upload whose broker is killed, and stores each chunk once', async () => {
  await using bus = await startLocalBus({ sites: ['H09'] });
  const owner = await bus.addAgency({ code: 'H09.1', site: 'H09' });
  await using sender = await connectEnrolled(bus, owner);
  const blob = makeBlob(owner.entry, 4_000_000);
  let killed: Promise<void> | undefined;
  let asked = 0;
  const result = await upload(sender, blob, {
    mayProceed: async () => {
      asked += 1;
      if (asked !== 40) return;
      killed = bus.kill().then(async () => await bus.restart());
      await waitUntil(() => sender.status() === 'disconnected');
    },
  });
  await killed;
  expect(result.finished).toBe(true);
  expect(result.movedBytes).toBe(blob.bytes);
  expect((await download(sender, blob)).equals(blob.content)).toBe(true);
}, 60_000);

it('sends little more than the file when the sender is killed again and again', async () => {
  await using bus = await startLocalBus({ sites: ['H09'] });
  const owner = await bus.addAgency({ code: 'H09.1', site: 'H09' });
  await using watcher = await connectEnrolled(bus, owner);
  await using line = await startShapedLine({ target: bus.url, bitsPerSecond: 20_000_000 });
  const credentialsFile = join(bus.folder, 'child.creds');
  await writeFile(credentialsFile, owner.credentials, { mode: 0o600 });
  const blob = makeBlob(owner.entry, 6_000_000);
  const { code, site } = owner.entry;
  const run = () => {
    const args = [CHILD, line.url, credentialsFile, code, site, String(blob.bytes)];
    return spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] });
  };
  for (const part of [0.25, 0.5, 0.75]) {
    const child = run();
    const ended = once(child, 'exit');
    await waitUntil(async () => (await storedCount(watcher, blob)) > part * chunkCountOf(blob));
    child.kill('SIGKILL');
    expect((await ended)[1]).toBe('SIGKILL');
  }
  const [exitCode] = (await once(run(), 'exit')) as [number];
  expect(exitCode).toBe(0);
  expect((await download(watcher, blob)).equals(blob.content)).toBe(true);
  expect(line.bytesUp() / blob.bytes).toBeLessThan(1.05);
}, 60_000);

it('goes on with a download where it stood', async () => {
  await using bus = await startLocalBus({ sites: ['H09'] });
  const owner = await bus.addAgency({ code: 'H09.1', site: 'H09' });
  await using connection = await connectEnrolled(bus, owner);
  const blob = makeBlob(owner.entry, 1_000_000);
  await upload(connection, blob);
  const stop = new AbortController();
  const first = await download(connection, blob, {
    signal: stop.signal,
    onProgress: ({ doneBytes }) => {
      if (doneBytes > 0) stop.abort();
    },
  });
  expect(first.length).toBeGreaterThan(0);
  expect(first.length).toBeLessThan(blob.bytes);
  const rest = await download(connection, blob, {
    from: first.length / blob.chunkBytes,
    read: async (offset, length) => first.subarray(offset, offset + length),
  });
  expect(Buffer.concat([first, rest]).equals(blob.content)).toBe(true);
});

it('lets an urgent message pass an upload at 4 Mb/s', async () => {
  await using bus = await startLocalBus({ sites: ['H09'] });
  const owner = await bus.addAgency({ code: 'H09.1', site: 'H09' });
  const { code, site, tier } = owner.entry;
  await using line = await startShapedLine({ target: bus.url, bitsPerSecond: 4_000_000 });
  const { credentials } = owner;
  await using sender = await connectAgency({
    servers: line.url,
    credentials,
    code,
    site,
    name: 'thin',
  });
  const subject = messageSubject({
    tier,
    lane: 'urgent',
    kind: 'doc',
    scope: 'local',
    toSite: site,
    to: code,
    fromSite: site,
    from: code,
  });
  const blob = makeBlob(owner.entry, 1_500_000);
  let urgentCount = 0;
  let isDone = false;
  const uploading = upload(sender, blob, {
    window: 1,
    // What an agent does: nothing new goes on the line while something urgent waits.
    mayProceed: async () => await waitUntil(() => urgentCount === 0),
  }).finally(() => {
    isDone = true;
  });
  const passedBytes: number[] = [];
  while (!isDone) {
    await new Promise((resolve) => setTimeout(resolve, 130 + (passedBytes.length % 7) * 20));
    const before = line.bytesUp();
    urgentCount += 1;
    await sender.publish(subject, new Uint8Array(2_000), { messageId: `u${passedBytes.length}` });
    urgentCount -= 1;
    passedBytes.push(line.bytesUp() - before);
  }
  await uploading;
  expect(passedBytes.length).toBeGreaterThan(9);
  // What the line carries in 300 ms.
  expect(Math.max(...passedBytes)).toBeLessThan(150_000);
}, 60_000);
