import { expect, it } from 'vitest';

import { BusError } from '../../src/errors.ts';
import { startLocalBus, waitUntil } from '../../src/testing/index.ts';
import { connectEnrolled, documentSubject, receive, text } from './harness.ts';

const DOCUMENT_COUNT = 3_000;
const bytes = (content: string) => new TextEncoder().encode(content);

it('loses nothing and stores nothing twice when the server is killed in the middle', async () => {
  await using bus = await startLocalBus({ sites: ['H09', 'TW'] });
  const from = await bus.addAgency({ code: 'H09.12', site: 'H09' });
  const to = await bus.addAgency({ code: 'G01', site: 'TW' });
  await using sender = await connectEnrolled(bus, from);
  await using recipient = await connectEnrolled(bus, to);
  const subject = documentSubject(from.entry, to.entry);
  const statuses: string[] = [];
  sender.onStatus((status) => statuses.push(status));

  let next = 0;
  let unacked = 0;
  let killed: Promise<void> | undefined;
  const worker = async () => {
    while (next < DOCUMENT_COUNT) {
      const index = next;
      next += 1;
      if (index === DOCUMENT_COUNT / 2) killed = bus.kill().then(async () => await bus.restart());
      for (;;) {
        try {
          await sender.publish(subject, bytes(`${index}`), { messageId: `kill-${index}` });
          break;
        } catch (error) {
          if (!(error instanceof BusError) || error.code !== 'BUS_PUBLISH_UNACKED') throw error;
          unacked += 1;
          await waitUntil(() => sender.status() === 'connected', 20_000);
        }
      }
    }
  };
  const received = receive(recipient, DOCUMENT_COUNT);
  await Promise.all(Array.from({ length: 100 }, worker));
  await killed;

  expect(unacked).toBeGreaterThan(0);
  expect(statuses.slice(0, 2)).toEqual(['disconnected', 'connected']);
  const numbers = (await received).map((message) => Number(text(message)));
  expect(numbers).toHaveLength(DOCUMENT_COUNT);
  expect(new Set(numbers).size).toBe(DOCUMENT_COUNT);
}, 60_000);

it('goes on receiving after a restart, although the account cannot ask for consumer state', async () => {
  await using bus = await startLocalBus({ sites: ['H09'] });
  const from = await bus.addAgency({ code: 'H09.1', site: 'H09' });
  const to = await bus.addAgency({ code: 'H09.2', site: 'H09' });
  await using sender = await connectEnrolled(bus, from);
  await using recipient = await connectEnrolled(bus, to);
  const subject = documentSubject(from.entry, to.entry);
  const stop = new AbortController();
  const got: string[] = [];
  const loop = (async () => {
    for await (const batch of recipient.inbox('normal', { signal: stop.signal })) {
      for (const message of batch) {
        got.push(text(message));
        message.ack();
      }
    }
  })();
  await sender.publish(subject, bytes('before'), { messageId: 'before' });
  await waitUntil(() => got.includes('before'));
  for (const round of ['killed', 'restarted']) {
    if (round === 'killed') await bus.kill();
    await bus.restart();
    await waitUntil(() => sender.status() === 'connected', 20_000);
    await sender.publish(subject, bytes(round), { messageId: round });
    await waitUntil(() => got.includes(round), 20_000);
  }
  stop.abort();
  await loop;
  // An acknowledgement may die with the server: then the message comes twice.
  expect([...new Set(got)]).toEqual(['before', 'killed', 'restarted']);
  // The site service comes back by itself too, in its own time; one question may wait 10 s for it.
  await waitUntil(async () => {
    const [head] = await recipient.getDirectoryHeads().catch(() => []);
    return head?.sequence === 2;
  }, 30_000);
}, 60_000);

it('fails a publish at once when there is no connection', async () => {
  await using bus = await startLocalBus({ sites: ['H09'] });
  const from = await bus.addAgency({ code: 'H09.1', site: 'H09' });
  await using sender = await connectEnrolled(bus, from);
  await bus.kill();
  await waitUntil(() => sender.status() === 'disconnected');
  const subject = documentSubject(from.entry, from.entry);
  await expect(sender.publish(subject, bytes('x'), { messageId: 'x' })).rejects.toMatchObject({
    code: 'BUS_PUBLISH_UNACKED',
    details: { messageId: 'x', reason: 'disconnected' },
  });
});
