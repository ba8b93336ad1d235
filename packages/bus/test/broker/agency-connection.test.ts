import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { parseAgencyCode } from '../../src/agency/code.ts';
import { type AgencyConnection, connectAgency } from '../../src/broker/agency-connection.ts';
import { connectRelay } from '../../src/broker/relay-connection.ts';
import { type Enrolled, mintAgencyCredentials } from '../../src/site/index.ts';
import { reportSubject } from '../../src/subject/subject.ts';
import { type LocalBus, startLocalBus, waitUntil } from '../../src/testing/index.ts';
import { connectEnrolled, documentSubject, receive, text } from './harness.ts';

let bus: LocalBus;
let ward: Enrolled;
let ministry: Enrolled;
let sender: AgencyConnection;
let recipient: AgencyConnection;
const bytes = (content: string) => new TextEncoder().encode(content);

beforeAll(async () => {
  bus = await startLocalBus({ sites: ['H09', 'TW'] });
  ward = await bus.addAgency({ code: 'H09.12.034', site: 'H09', tier: 'commune' });
  ministry = await bus.addAgency({ code: 'G01', site: 'TW', tier: 'central' });
  sender = await connectEnrolled(bus, ward);
  recipient = await connectEnrolled(bus, ministry);
});

afterAll(async () => {
  await sender?.close();
  await recipient?.close();
  await bus?.stop();
});

describe('publish', () => {
  it('stores a message once when the sender repeats it', async () => {
    const subject = documentSubject(ward.entry, ministry.entry);
    const first = await sender.publish(subject, bytes('one'), { messageId: 'p-1' });
    const second = await sender.publish(subject, bytes('one'), { messageId: 'p-1' });
    expect(first.duplicate).toBe(false);
    expect(second).toEqual({ streamSeq: first.streamSeq, duplicate: true });
    const [message] = await receive(recipient, 1);
    expect(message).toMatchObject({
      subject,
      streamSeq: first.streamSeq,
      deliveryCount: 1,
      pendingCount: 0,
    });
    expect(text(message)).toBe('one');
    expect(Math.abs(Number(message?.storedAt) - Date.now())).toBeLessThan(60_000);
  });

  it('says that a subject of another agency is refused', async () => {
    const forged = documentSubject(ministry.entry, ward.entry);
    await expect(sender.publish(forged, bytes('x'), { messageId: 'p-2' })).rejects.toMatchObject({
      code: 'BUS_PUBLISH_REFUSED',
      details: { natsSubject: forged, messageId: 'p-2', natsErrorCode: 'permissions' },
    });
  });

  it('says that no stream takes a message to a site that is not there', async () => {
    const nowhere = { ...ministry.entry, site: 'H99' };
    const subject = documentSubject(ward.entry, nowhere);
    const attempt = sender.publish(subject, bytes('x'), { messageId: 'p-3', timeoutMs: 500 });
    await expect(attempt).rejects.toMatchObject({ code: 'BUS_PUBLISH_UNACKED' });
  });

  it('keeps hundreds of publishes under way at once', async () => {
    const subject = documentSubject(ward.entry, ministry.entry);
    const sent = Array.from({ length: 2_000 }, async (_, index) => {
      return await sender.publish(subject, bytes(`bulk ${index}`), { messageId: `bulk-${index}` });
    });
    expect(new Set((await Promise.all(sent)).map(({ streamSeq }) => streamSeq)).size).toBe(2_000);
    const received = await receive(recipient, 2_000);
    expect(received.map(text).toSorted()).toEqual(
      Array.from({ length: 2_000 }, (_, index) => `bulk ${index}`).toSorted(),
    );
  });
});

describe('inbox', () => {
  it('keeps the lanes apart, so that an urgent document passes the ordinary ones', async () => {
    const normal = documentSubject(ward.entry, ministry.entry);
    const urgent = documentSubject(ward.entry, ministry.entry, 'urgent');
    for (let index = 0; index < 20; index += 1) {
      await sender.publish(normal, bytes('slow'), { messageId: `lane-${index}` });
    }
    await sender.publish(urgent, bytes('fast'), { messageId: 'lane-urgent' });
    expect(text((await receive(recipient, 1, 'urgent'))[0])).toBe('fast');
    expect(await receive(recipient, 20)).toHaveLength(20);
  });

  it('takes all that is waiting in one batch, up to the limit', async () => {
    const subject = documentSubject(ward.entry, ministry.entry);
    await Promise.all(
      Array.from({ length: 30 }, async (_, index) => {
        await sender.publish(subject, bytes(`${index}`), { messageId: `batch-${index}` });
      }),
    );
    const sizes: number[] = [];
    const { signal } = new AbortController();
    for await (const batch of recipient.inbox('normal', { maxMessages: 10, signal })) {
      sizes.push(batch.length);
      for (const message of batch) message.ack();
      if (sizes.reduce((sum, size) => sum + size, 0) >= 30) break;
    }
    expect(Math.max(...sizes)).toBeLessThanOrEqual(10);
    expect(sizes.length).toBeLessThan(30);
  });

  it('ends at once when it is told to, and what nobody took comes again without delay', async () => {
    const subject = documentSubject(ward.entry, ministry.entry);
    const stop = new AbortController();
    const batches = recipient.inbox('normal', { signal: stop.signal })[Symbol.asyncIterator]();
    const waiting = batches.next();
    stop.abort();
    expect(await waiting).toMatchObject({ done: true });
    await sender.publish(subject, bytes('after'), { messageId: 'abort-1' });
    expect(text((await receive(recipient, 1))[0])).toBe('after');
  });

  it('hands out again what was not acknowledged', async () => {
    const subject = documentSubject(ward.entry, ministry.entry);
    await sender.publish(subject, bytes('again'), { messageId: 'again-1' });
    const counts: number[] = [];
    const { signal } = new AbortController();
    for await (const batch of recipient.inbox('normal', { signal })) {
      for (const message of batch) {
        counts.push(message.deliveryCount);
        if (counts.length === 2) message.ack();
      }
      if (counts.length >= 2) break;
    }
    expect(counts[1]).toBe((counts[0] ?? 0) + 1);
  });
});

describe('directory', () => {
  it('gives the signed entry of an agency, and nothing for an unknown one', async () => {
    const found = await sender.getDirectoryEntry(ministry.entry.code);
    expect(Buffer.compare(found ?? new Uint8Array(), ministry.record)).toBe(0);
    expect(await sender.getDirectoryEntry(parseAgencyCode('H99.1'))).toBeUndefined();
  });

  it('gives all entries after a number, and says when there are new ones', async () => {
    let notices = 0;
    const stop = sender.onDirectoryChanged(() => {
      notices += 1;
    });
    const [before] = await sender.getDirectoryHeads();
    if (before === undefined) throw new Error('no registrar');
    const added = await bus.addAgency({ code: 'H09.13', site: 'H09' });
    await waitUntil(() => notices > 0);
    const [head] = await sender.getDirectoryHeads();
    expect(head).toEqual({ registrar: added.entry.registrar, sequence: before.sequence + 1 });
    const page = await sender.getDirectoryPage(before);
    expect(page.lastSequence).toBe(head?.sequence);
    expect(page.records.map((record) => Buffer.compare(record, added.record))).toEqual([0]);
    const nothing = await sender.getDirectoryPage({ ...before, sequence: page.lastSequence });
    expect(nothing).toEqual({ records: [], lastSequence: page.lastSequence });
    stop();
  });
});

describe('relay', () => {
  it('reads the reports of a site and writes to an agency', async () => {
    const relay = await bus.addRelay({ code: 'A00.9', site: 'TW', tier: 'central' });
    const { code, site } = relay.entry;
    await using connection = await connectRelay({
      servers: bus.url,
      credentials: relay.credentials,
      code,
      site,
    });
    const report = reportSubject({ tier: 'commune', site: 'H09', from: ward.entry.code });
    await sender.publish(report, bytes('report 1'), { messageId: 'r-1' });
    const { signal } = new AbortController();
    for await (const batch of connection.reports('H09', { signal })) {
      expect(batch.map(text)).toEqual(['report 1']);
      for (const message of batch) message.ack();
      break;
    }
    const watermark = documentSubject(relay.entry, ward.entry);
    await connection.publishMessage(watermark, bytes('upTo 1'), { messageId: 'w-1' });
    expect(text((await receive(sender, 1))[0])).toBe('upTo 1');
    expect(await connection.getDirectoryHeads()).not.toEqual([]);
  });
});

it('says why a connection does not come about', async () => {
  const { code, site } = ward.entry;
  const options = { code, site, name: 'x', credentials: ward.credentials };
  const nobody = connectAgency({ ...options, servers: 'nats://127.0.0.1:1' });
  await expect(nobody).rejects.toMatchObject({ code: 'BUS_CONNECT_FAILED' });
  const foreign = await mintAgencyCredentials(
    bus.server().operator,
    { code, site },
    new Date(Date.now() - 100 * 86_400_000),
  );
  const expired = connectAgency({ ...options, servers: bus.url, credentials: foreign });
  await expect(expired).rejects.toMatchObject({
    code: 'BUS_CONNECT_FAILED',
    details: { refused: 1 },
  });
});
