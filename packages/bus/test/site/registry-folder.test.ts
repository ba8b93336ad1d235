import { mkdtemp, readFile, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, it } from 'vitest';

import { encodePayload, parseAgencyCode, signRecord } from '../../src/index.ts';
import { OwnEntries } from '../../src/site/directory/own-entries.ts';
import { openRegistry } from '../../src/site/index.ts';
import {
  PROVINCE,
  PROVINCE_REGISTRAR,
  ROOT,
  ROOT_REGISTRAR,
  delegationDraft,
  draft,
  provinceKey,
  rootKey,
} from '../directory/registrars.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'congvan-registry-'));
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

const open = async (options = ROOT_REGISTRAR, at = folder) => {
  const { registrar, signRegistrar: sign, rootRegistrar: root, verify } = options;
  return await openRegistry({ folder: at, registrar, sign, root, verify });
};

/** What as many `append`s would leave behind, without waiting for the disk after each. */
async function fill(count: number): Promise<void> {
  for (let sequence = 1; sequence <= count; sequence += 1) {
    const entry = { ...draft(`H09.${sequence}`, 'H09'), registrar: ROOT, sequence };
    const record = await signRecord('directory', encodePayload('directory', entry), rootKey.sign);
    await writeFile(join(folder, `${String(sequence).padStart(8, '0')}.rec`), record);
  }
}

it('puts a thousand old entries into one file, and finds each as before', async () => {
  await fill(1_205);
  const behind = await OwnEntries.open(folder);
  await behind.refresh(() => undefined);
  expect((await readdir(folder)).filter((name) => name.endsWith('.rec'))).toHaveLength(205);
  const registry = await open();
  expect(registry.heads()).toEqual([{ registrar: ROOT, sequence: 1_205 }]);
  expect(registry.newest(parseAgencyCode('H09.7'))?.entry.sequence).toBe(7);
  expect((await registry.append(draft('H09.9999', 'H09'))).entry.sequence).toBe(1_206);
  // Who looked away while entries were packed reads on.
  await behind.refresh(() => undefined);
  expect(behind.count).toBe(1_206);
  expect(behind.record(3)).toEqual(registry.record({ registrar: ROOT, sequence: 3 }));
});

it('gives no number twice to a process that had looked before the entries were packed', async () => {
  await fill(900);
  const late = await OwnEntries.open(folder);
  await late.refresh(() => undefined);
  const taken = late.record(900);
  await fill(1_205);
  await (await OwnEntries.open(folder)).refresh(() => undefined);
  expect(await readdir(folder)).not.toContain('00000901.rec');
  expect(await late.create(901, taken ?? new Uint8Array())).toBe(false);
  expect(await readdir(folder)).not.toContain('00000901.rec');
});

it('says which entry of a packed file is damaged', async () => {
  await fill(1_205);
  await open();
  const pack = join(folder, '00000001-00001000.pack');
  const bytes = await readFile(pack);
  await writeFile(pack, bytes.subarray(0, -100));
  await expect(open()).rejects.toMatchObject({
    code: 'BUS_DIRECTORY_FOLDER_DAMAGED',
    details: { sequence: 1_000 },
  });
});

it('serves at once after a restart what it had verified of other registrars', async () => {
  const root = await open();
  await root.append(delegationDraft('H09', provinceKey));
  await root.refresh();
  const province = await open(PROVINCE_REGISTRAR, join(folder, 'province'));
  const entries = root.entries().map(({ record }) => record);
  expect((await province.takeIn(entries, new Date())).refused).toEqual([]);
  await province.append(draft('H09.1', 'H09'));

  const again = await open(PROVINCE_REGISTRAR, join(folder, 'province'));
  expect(again.heads()).toEqual([
    { registrar: ROOT, sequence: 1 },
    { registrar: PROVINCE, sequence: 1 },
  ]);
  expect(again.newest(parseAgencyCode('H09.1'))?.entry).toMatchObject({ basedOn: 1 });
  const forged = await signRecord(
    'directory',
    encodePayload('directory', { ...draft('H09.1', 'H09'), registrar: ROOT, sequence: 2 }),
    provinceKey.sign,
  );
  expect((await again.takeIn([forged], new Date())).refused).toHaveLength(1);
});

it('serves after a restart what others signed, in whatever order the batches are read', async () => {
  const root = await open();
  await root.append(delegationDraft('H09', provinceKey));
  await root.refresh();
  const delegation = root.entries().map(({ record }) => record);
  const province = await open(PROVINCE_REGISTRAR, join(folder, 'province'));
  await province.takeIn(delegation, new Date());
  const { record } = await province.append(draft('H09.1', 'H09'));
  const other = { ...ROOT_REGISTRAR, registrar: parseAgencyCode('H44.DK') };
  const site = await open(other, join(folder, 'site'));
  for (const records of [delegation, [record]]) await site.takeIn(records, new Date());
  await root.takeIn([record], new Date());

  const batches = join(folder, 'site', 'others');
  for (const isLate of [true, false]) {
    for (const name of await readdir(batches)) {
      const isDelegation = (await readFile(join(batches, name))).equals(
        delegation[0] ?? Buffer.alloc(0),
      );
      await utimes(join(batches, name), 0, isDelegation === isLate ? 2_000 : 1_000);
    }
    expect((await open(other, join(folder, 'site'))).heads()).toEqual(site.heads());
  }
  expect((await open()).heads()).toEqual(root.heads());
  expect(root.heads()).toHaveLength(2);
});

it('keeps only so many entries that build on entries of the root that never come', async () => {
  const root = await open();
  await root.append(delegationDraft('H09', provinceKey));
  await root.refresh();
  const site = await open(
    { ...ROOT_REGISTRAR, registrar: parseAgencyCode('H44.DK') },
    join(folder, 'site'),
  );
  await site.takeIn(
    root.entries().map(({ record }) => record),
    new Date(),
  );
  const forge = async (sequence: number): Promise<Uint8Array> => {
    const entry = { ...draft('H09.1', 'H09'), registrar: PROVINCE, sequence, basedOn: 99_999 };
    return await signRecord('directory', encodePayload('directory', entry), async () =>
      Buffer.from('x'),
    );
  };
  const forged = await Promise.all([1, 2, 3, 4].map(forge));
  for (let round = 0; round < 5; round += 1) {
    const taken = await site.takeIn(forged, new Date());
    expect(taken.waiting.length).toBeLessThanOrEqual(2 * forged.length);
  }
  const many = await Promise.all(Array.from({ length: 1_500 }, (_, index) => forge(index + 1)));
  await site.takeIn(many, new Date());
  expect((await site.takeIn([], new Date())).waiting).toHaveLength(1_000);
});
