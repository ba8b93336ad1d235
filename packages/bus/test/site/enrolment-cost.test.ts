import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, it } from 'vitest';

import { parseAgencyCode } from '../../src/agency/code.ts';
import { type SiteService, openSite } from '../../src/site/index.ts';
import {
  type LocalBus,
  type ShapedLine,
  TEST_STREAM_LIMITS,
  startLocalBus,
  startShapedLine,
} from '../../src/testing/index.ts';
import { completeTestAgency, signWithPlaceholder } from '../../src/testing/local-bus.ts';

let bus: LocalBus;
let line: ShapedLine;
let site: SiteService;
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'congvan-enrolment-cost-'));
  bus = await startLocalBus({ sites: ['H09'] });
  line = await startShapedLine({ target: bus.url });
  site = await openSite({
    folder,
    servers: line.url,
    operator: bus.server().operator,
    registrar: parseAgencyCode('A00'),
    signRegistrar: signWithPlaceholder,
    limits: TEST_STREAM_LIMITS,
  });
});

afterEach(async () => {
  await site?.close();
  await line?.stop();
  await bus?.stop();
  await rm(folder, { recursive: true, force: true });
});

/** Bytes between the service and the broker while it adds so many agencies. */
async function bytesOfAdding(first: number, count: number): Promise<number> {
  const before = line.bytesUp() + line.bytesDown();
  for (let number = first; number < first + count; number += 1) {
    await site.addAgency(completeTestAgency({ code: `H09.${number}`, site: 'H09' }));
  }
  return line.bytesUp() + line.bytesDown() - before;
}

it('asks the broker no more for a late agency of a site than for an early one', async () => {
  await bytesOfAdding(1, 2);
  const early = await bytesOfAdding(3, 10);
  await bytesOfAdding(13, 87);
  const late = await bytesOfAdding(100, 10);
  expect(late).toBeLessThan(early * 1.5);
}, 30_000);
