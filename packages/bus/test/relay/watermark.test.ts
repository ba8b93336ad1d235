import { expect, it } from 'vitest';

import { parseAgencyCode } from '../../src/agency/code.ts';
import type { DirectoryEntry } from '../../src/directory/entry.ts';
import { ReportStore } from '../../src/relay/storage/report-store.ts';
import { WatermarkPump } from '../../src/relay/watermark-pump.ts';
import { waitUntil } from '../../src/testing/index.ts';
import { composeWatermark } from '../../src/relay/watermark.ts';
import { NOW, RelayDatabase, paper } from './relay-database.ts';

const PROVINCE: DirectoryEntry = {
  sequence: 1,
  registrar: parseAgencyCode('A00'),
  code: parseAgencyCode('H09'),
  name: 'Tỉnh H09',
  tier: 'province',
  parent: null,
  site: 'H09',
  role: 'agency',
  certificates: [],
  validFrom: '2020-01-01T00:00:00.000Z',
  validTo: null,
  oldCodes: [],
  predecessors: [],
  successors: [],
  natsUserKey: null,
};

it('is one message however often a crash repeats it, and another one when it is said again', async () => {
  const messageIdAt = async (revision: number): Promise<string> => {
    const { messageId } = await composeWatermark({
      relay: parseAgencyCode('W01'),
      relaySite: 'TW',
      to: PROVINCE,
      // A gap that stays: nothing else of what is said changes while more reports come.
      chain: { upTo: 0, upToHash: null, highest: 5, brokenAt: null, revision },
      missing: [[1, 1]],
      at: new Date('2026-11-22T09:00:00.000Z'),
      sign: async () => new Uint8Array([1]),
    });
    return messageId;
  };
  expect(await messageIdAt(4)).toBe(await messageIdAt(4));
  expect(await messageIdAt(5)).not.toBe(await messageIdAt(4));
});

it('when thousands of agencies are due, who they are is not read again for each few', async () => {
  using town = new RelayDatabase();
  const codes = Array.from({ length: 1_000 }, (_, index) => `H${1_000 + index}`);
  const first = codes.map((code) => town.compose(code, paper(1)));
  town.intake.takeAll(first.map(({ verified, entry }) => ({ report: verified, entry })));
  let readCount = 0;
  const reports = new (class extends ReportStore {
    override watermarksDue(): string[] {
      readCount += 1;
      return super.watermarksDue();
    }
  })(town.db);
  const told: string[] = [];
  const pump = new WatermarkPump({
    db: town.db,
    reports,
    directory: {
      findStored: (code) => ({ ...PROVINCE, code: parseAgencyCode(code) }),
    },
    relay: parseAgencyCode('W01'),
    relaySite: 'TW',
    sign: async () => new Uint8Array([1]),
    publish: async (subject) => void told.push(subject),
    now: () => NOW,
    log: () => undefined,
    onStep: () => undefined,
  });
  pump.poke();
  await waitUntil(() => told.length === codes.length);
  await pump.close();
  expect(new Set(told).size).toBe(codes.length);
  expect(readCount).toBeLessThan(5);
  expect(reports.watermarksDue()).toEqual([]);
});
