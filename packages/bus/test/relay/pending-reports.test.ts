import { expect, it } from 'vitest';

import { connectRelay } from '../../src/broker/relay-connection.ts';
import { reportSubject, parseAgencyCode } from '../../src/index.ts';
import { ReportReading } from '../../src/relay/report-reading.ts';
import { reportStream } from '../../src/stream/names.ts';
import { startLocalBus, waitUntil } from '../../src/testing/index.ts';
import { connectEnrolled } from '../broker/harness.ts';

const WAIT_MS = 30_000;
/** Two batches that the relay has taken, one that may be on its way, and some that wait at the broker. */
const REPORTS = 2_100;

it('what waits at the broker is nothing again when it went without ever being handed out', async () => {
  await using bus = await startLocalBus({ sites: ['H09'] });
  const agency = await bus.addAgency({ code: 'H09', site: 'H09', tier: 'province' });
  await using sender = await connectEnrolled(bus, agency);
  const code = parseAgencyCode('W01');
  const credentials = await bus.relayCredentials('W01', 'H09');
  const subject = reportSubject({ from: agency.entry.code, site: 'H09', tier: 'province' });
  for (let from = 0; from < REPORTS; from += 100) {
    const numbers = Array.from({ length: 100 }, (_, index) => from + index);
    await Promise.all(
      numbers.map((number) =>
        sender.publish(subject, Buffer.from(String(number)), {
          messageId: `report ${number}`,
          timeoutMs: WAIT_MS,
        }),
      ),
    );
  }
  await using reports = await connectRelay({
    servers: bus.url,
    credentials,
    code,
    site: 'H09',
  });
  const seen: number[] = [];
  let taken = 0;
  const reading = new ReportReading({
    reports,
    take: async (_site, messages) => {
      seen.push(reading.pendingCount);
      // The next batch is on its way while one is taken in; then the rest is lost.
      if (seen.length === 2) await bus.emptyStream(reportStream('H09'));
      taken += messages.length;
      for (const message of messages) message.ack();
    },
    now: () => new Date(),
    log: () => undefined,
  });
  try {
    reading.read(['H09']);
    await waitUntil(() => taken >= 500, WAIT_MS);
    expect(Math.max(...seen)).toBeGreaterThan(0);
    await waitUntil(() => taken > 500 && reading.pendingCount === 0, WAIT_MS);
    expect(taken).toBeLessThan(REPORTS);
  } finally {
    await reading.close();
  }
});
