import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { parseAgencyCode } from '../../src/agency/code.ts';
import { reportSubject } from '../../src/subject/subject.ts';
import { type TestPlan, startPlan } from '../../src/testing/start-plan.ts';
import { waitUntil } from '../../src/testing/wait-until.ts';
import { inspectPlace } from './inspect-place.ts';
import { type Correspondent, addCorrespondent } from './traffic.ts';

const TIMEOUT_MS = 60_000;
const BODY_BYTES = 100_000;
/** 15 % of it are the reports of all sites, 10 % those of one. */
const STORE_BYTES = 8 * 1024 * 1024;

describe('a centre that one site fills', { timeout: TIMEOUT_MS }, () => {
  let bus: TestPlan;
  let loud: Correspondent;
  let quiet: Correspondent;

  beforeAll(async () => {
    bus = await startPlan({
      plan: 'federated',
      sites: ['H09', 'H44'],
      centralServers: 1,
      storeBytes: STORE_BYTES,
    });
    loud = await addCorrespondent(bus, 'H44.01', 'H44');
    quiet = await addCorrespondent(bus, 'H09.01', 'H09');
  }, TIMEOUT_MS);
  afterAll(async () => {
    for (const one of [loud, quiet]) await one?.[Symbol.asyncDispose]();
    await bus?.stop();
  });

  const report = async (from: Correspondent, site: string, count: number): Promise<void> => {
    const subject = reportSubject({
      tier: 'province',
      site,
      from: parseAgencyCode(`${site}.01`),
    });
    for (let index = 0; index < count; index += 1) {
      const messageId = `${site} ${index}`;
      await from.connection.publish(subject, new Uint8Array(BODY_BYTES), { messageId });
    }
  };
  const inspect = (place: string) => inspectPlace(bus, place);

  it('is told with the name of that site, and nobody is told to fetch', async () => {
    await report(quiet, 'H09', 3);
    await report(loud, 'H44', 8);
    const central = await bus.admin('central');
    await waitUntil(
      async () => (await central.streamState('REPORTS'))?.messageCount === 11,
      TIMEOUT_MS,
    );
    const found = (await inspect('central')).find(({ about }) => about === 'REPORTS');
    expect(found).toMatchObject({
      code: 'stream-full-by-sources',
      values: { source: 'REPORT_H44', sourceMessageCount: 8, messageCount: 11 },
    });
    // Nothing that counted stays behind.
    expect((await central.streamState('REPORTS'))?.consumerCount).toBe(0);
    const own = (await inspect('H44')).find(({ about }) => about === 'REPORT_H44');
    expect(own).toMatchObject({ code: 'stream-full' });
  });
});
