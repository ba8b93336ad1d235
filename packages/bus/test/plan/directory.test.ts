import { existsSync } from 'node:fs';
import { cp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import {
  type Site,
  connectAgency,
  encodePayload,
  parseAgencyCode,
  signRecord,
} from '../../src/index.ts';
import { type SiteConnection, connectSite } from '../../src/broker/site-connection.ts';
import { isPartialFile } from '../../src/disk/atomic-file.ts';
import { mintServiceCredentials } from '../../src/operator/site-folder.ts';
import { verifySignature } from '../record/fixture.ts';
import { openRegistry } from '../../src/site/index.ts';
import { directoryInboxStream } from '../../src/stream/names.ts';
import { type TestPlan, startPlan } from '../../src/testing/start-plan.ts';
import { waitUntil } from '../../src/testing/wait-until.ts';
import {
  PROVINCE,
  PROVINCE_REGISTRAR,
  ROOT,
  ROOT_REGISTRAR,
  delegationDraft,
  draft,
  openReader,
  provinceKey,
  rootKey,
} from '../directory/registrars.ts';

const ARRIVAL_MS = 30_000;
/** Of a site that says nothing of its own. */
const IDLE_REGISTRAR = { ...PROVINCE_REGISTRAR, registrar: parseAgencyCode('H44.DK') };
const WARD = parseAgencyCode('H09.12.7');

it('carries the entries of a delegated registrar to the other sites, and what ends it', async () => {
  await using bus = await startPlan({
    plan: 'federated',
    sites: ['TW', 'H09'],
    centralServers: 1,
    registrars: { TW: ROOT_REGISTRAR, H09: PROVINCE_REGISTRAR },
  });
  const root = bus.service('TW').enrolment.registry;
  const province = bus.service('H09').enrolment.registry;
  // Nothing is delegated yet: the registrar hears it before anything is signed.
  await expect(bus.addAgency({ code: WARD, site: 'H09' })).rejects.toMatchObject({
    code: 'BUS_DIRECTORY_NOT_DELEGATED',
  });
  await root.append(delegationDraft('H09', provinceKey));
  await bus.service('TW').refresh();
  await waitUntil(() => province.copy.registrars().has(PROVINCE), ARRIVAL_MS);

  await bus.addAgency({ code: WARD, site: 'H09' });
  const ministry = await bus.addAgency({ code: 'G09', site: 'TW' });
  await using connection = await connectAgency({
    servers: bus.urls('TW'),
    credentials: ministry.credentials,
    code: ministry.entry.code,
    site: 'TW',
    name: 'test',
  });
  const { copy, reader } = openReader(connection);
  await waitUntil(async () => {
    await reader.readOn();
    return copy.find(WARD)?.registrar === PROVINCE;
  }, ARRIVAL_MS);
  expect(copy.readUpTo(ROOT)).toBe(2);
  const found = await connection.getDirectoryEntry(WARD);
  expect(new Uint8Array(found ?? [])).toEqual(new Uint8Array(province.newest(WARD)?.record ?? []));

  bus.cutLink('H09');
  // The province goes on alone; what it signs comes when the line is back.
  await bus.addAgency({ code: 'H09.12.8', site: 'H09' });
  await root.append(draft(WARD, 'H09', { name: 'as the root says' }));
  await bus.service('TW').refresh();
  bus.healLink('H09');
  await waitUntil(async () => {
    await reader.readOn();
    return copy.readUpTo(PROVINCE) === 2;
  }, ARRIVAL_MS);
  expect(copy.find(WARD)?.name).toBe('as the root says');
  await waitUntil(() => province.newest(WARD)?.entry.registrar === ROOT, ARRIVAL_MS);

  await root.append(delegationDraft('H09', provinceKey, 1));
  await bus.service('TW').refresh();
  await waitUntil(() => province.copy.registrars().get(PROVINCE)?.lastSequence === 1, ARRIVAL_MS);
  await expect(bus.addAgency({ code: 'H09.12.9', site: 'H09' })).rejects.toMatchObject({
    code: 'BUS_DIRECTORY_NOT_DELEGATED',
  });
  await reader.readOn();
  expect(copy.find(parseAgencyCode('H09.12.8'))).toBeUndefined();
});

it('takes in what it had refused when it gets to know whom to believe', async () => {
  let isTrusted = false;
  const learned = { told: false };
  await using bus = await startPlan({
    plan: 'federated',
    sites: ['TW', 'H09'],
    centralServers: 1,
    registrars: {
      TW: ROOT_REGISTRAR,
      H09: {
        ...PROVINCE_REGISTRAR,
        verify: (input) =>
          isTrusted
            ? verifySignature(input)
            : {
                indication: 'INDETERMINATE',
                subIndication: 'NO_CERTIFICATE_CHAIN_FOUND',
                certificateSha256: null,
                detail: 'no anchor',
              },
        refreshTrust: async () => {
          const isNew = isTrusted && !learned.told;
          learned.told = isTrusted;
          return isNew;
        },
      },
    },
  });
  const root = bus.service('TW').enrolment.registry;
  const province = bus.service('H09').enrolment.registry;
  await bus.addAgency({ code: 'G09', site: 'TW' });
  const admin = await bus.admin('H09');
  await waitUntil(async () => {
    const [reader] = await admin.consumerStates(directoryInboxStream('H09'));
    // It came past, was refused, and the broker forgets it.
    return (
      reader?.pendingCount === 0 && reader.ackPendingCount === 0 && root.entries().length === 1
    );
  }, ARRIVAL_MS);
  expect(province.newest(parseAgencyCode('G09'))).toBeUndefined();
  isTrusted = true;
  await waitUntil(() => province.newest(parseAgencyCode('G09')) !== undefined, ARRIVAL_MS);
});

describe('a site whose folder was put back from an older copy', () => {
  let bus: TestPlan;
  let copyOf: (site: Site) => string;

  beforeEach(async () => {
    bus = await startPlan({
      plan: 'federated',
      sites: ['TW', 'H09', 'H44'],
      centralServers: 1,
      registrars: { TW: ROOT_REGISTRAR, H09: PROVINCE_REGISTRAR, H44: IDLE_REGISTRAR },
    });
    copyOf = (site) => join(bus.folder, `copy-${site}`);
    await bus.service('TW').enrolment.registry.append(delegationDraft('H09', provinceKey));
    await bus.service('TW').refresh();
    const province = bus.service('H09').enrolment.registry;
    await waitUntil(() => province.copy.registrars().has(PROVINCE), ARRIVAL_MS);
    await bus.addAgency({ code: WARD, site: 'H09' });
    const root = bus.service('TW').enrolment.registry;
    await waitUntil(() => root.newest(WARD) !== undefined, ARRIVAL_MS);
    for (const site of ['TW', 'H09']) {
      await copyFolder(bus.services.folderOf(site), copyOf(site));
    }
    // What the copies lack: two entries of the root, one of the province.
    for (const code of ['G09', 'G10']) await bus.addAgency({ code, site: 'TW' });
    await bus.addAgency({ code: 'H09.12.8', site: 'H09' });
    await waitUntil(() => province.copy.readUpTo(ROOT) === 3, ARRIVAL_MS);
    await waitUntil(() => root.copy.readUpTo(PROVINCE) === 2, ARRIVAL_MS);
  }, 60_000);

  afterEach(async () => await bus.stop());

  /** Of a service that runs: what it is just writing may be gone a moment later. */
  async function copyFolder(from: string, to: string): Promise<void> {
    await cp(from, to, { recursive: true, filter: (path) => !isPartialFile(path) });
  }

  async function putBack(site: Site): Promise<void> {
    await bus.service(site).close();
    await rm(bus.services.folderOf(site), { recursive: true });
    await cp(copyOf(site), bus.services.folderOf(site), { recursive: true });
  }

  /** With the rights of the service of a site, as who took it over would have them. */
  async function siteConnection(site: Site): Promise<SiteConnection> {
    const credentials = await mintServiceCredentials(bus.operator(site), site, new Date());
    return await connectSite({ servers: bus.url(site), site, credentials });
  }

  it.each(['TW', 'H09'] as const)(
    'takes back what %s lacks, and gives no number twice',
    async (site) => {
      await putBack(site);
      const errors: Error[] = [];
      const { enrolment } = await bus.services.reopen(site, (error) => void errors.push(error));
      const { registry } = enrolment;
      // Its own are there from the start, those of the other soon.
      expect(registry.copy.readUpTo(registry.registrar)).toBe(site === 'TW' ? 3 : 2);
      const heads = [
        { registrar: ROOT, sequence: 3 },
        { registrar: PROVINCE, sequence: 2 },
      ];
      await waitUntil(() => isDeepStrictEqual(registry.heads(), heads), ARRIVAL_MS);
      const next = await bus.addAgency({ code: site === 'TW' ? 'G11' : 'H09.12.9', site });
      expect(next.entry.sequence).toBe(site === 'TW' ? 4 : 3);
      const other = bus.service(site === 'TW' ? 'H09' : 'TW').enrolment.registry;
      await waitUntil(() => other.newest(next.entry.code) !== undefined, ARRIVAL_MS);
      // On disk, too: another start finds them without the bus.
      const read = await openRegistry({
        folder: join(bus.services.folderOf(site), 'directory'),
        registrar: registry.registrar,
        sign: rootKey.sign,
        root: ROOT_REGISTRAR.rootRegistrar,
      });
      expect(read.heads()).toEqual(registry.heads());
      expect(errors).toEqual([]);
    },
  );

  it('says so when a number was given again before, and goes on when that entry is gone', async () => {
    await putBack('TW');
    const { registrar, signRegistrar: sign, rootRegistrar: root } = ROOT_REGISTRAR;
    const folder = join(bus.services.folderOf('TW'), 'directory');
    const alone = await openRegistry({ folder, registrar, sign, root });
    expect((await alone.append(draft('G99', 'TW'))).entry.sequence).toBe(2);
    const errors: Error[] = [];
    const service = await bus.services.reopen('TW', (error) => void errors.push(error));
    await waitUntil(() => errors.length > 0, ARRIVAL_MS);
    await service.refresh();
    expect(errors).toMatchObject([
      { code: 'BUS_DIRECTORY_FORKED', details: { registrar: ROOT, sequence: 2, folder } },
    ]);
    const province = bus.service('H09').enrolment.registry;
    expect(province.newest(parseAgencyCode('G99'))).toBeUndefined();

    await service.close();
    await rm(join(folder, '00000002.rec'));
    const { enrolment } = await bus.services.reopen('TW');
    expect(enrolment.registry.copy.readUpTo(ROOT)).toBe(3);
    const again = await bus.addAgency({ code: 'G99', site: 'TW' });
    expect(again.entry.sequence).toBe(4);
    await waitUntil(() => province.newest(again.entry.code) !== undefined, ARRIVAL_MS);
  });

  it.each(['TW', 'H09'] as const)(
    'finds what %s lacks behind what a third site said in the names of both',
    async (site) => {
      await using taken = await siteConnection('H44');
      for (const registrar of [ROOT, PROVINCE]) {
        await taken.putEntry({ registrar, sequence: 2 }, Buffer.from('junk'));
      }
      await using home = await siteConnection(site);
      const inbox = directoryInboxStream(site);
      // The junk is the last message of its subjects now: 4 of the registrars, 2 of junk.
      await waitUntil(async () => (await home.streamState(inbox))?.lastSeq === 7, ARRIVAL_MS);
      await putBack(site);
      const { enrolment } = await bus.services.reopen(site);
      const heads = [
        { registrar: ROOT, sequence: 3 },
        { registrar: PROVINCE, sequence: 2 },
      ];
      await waitUntil(() => isDeepStrictEqual(enrolment.registry.heads(), heads), ARRIVAL_MS);
    },
  );

  it('takes nothing back that others put there in its name', async () => {
    await putBack('TW');
    const entry = { ...draft('G98', 'TW'), registrar: ROOT, sequence: 4 };
    const payload = encodePayload('directory', { ...entry, signedAt: new Date().toISOString() });
    const forged = await signRecord('directory', payload, provinceKey.sign);
    await using taken = await siteConnection('TW');
    await taken.putEntry({ registrar: ROOT, sequence: 4 }, forged);
    const errors: Error[] = [];
    const { enrolment } = await bus.services.reopen('TW', (error) => void errors.push(error));
    expect(enrolment.registry.copy.readUpTo(ROOT)).toBe(3);
    await waitUntil(() => errors.length > 0, ARRIVAL_MS);
    expect(errors[0]).toMatchObject({ code: 'BUS_DIRECTORY_ENTRY_REFUSED' });
  });

  it('hands out an entry although something else was put under its number', async () => {
    await using taken = await siteConnection('H09');
    for (const sequence of [3, 4]) {
      await taken.putEntry({ registrar: PROVINCE, sequence }, Buffer.from('junk'));
    }
    const errors: Error[] = [];
    await bus.services.reopen('H09', (error) => void errors.push(error));
    for (const code of ['H09.12.9', 'H09.12.10']) await bus.addAgency({ code, site: 'H09' });
    const root = bus.service('TW').enrolment.registry;
    await waitUntil(() => root.copy.readUpTo(PROVINCE) === 4, ARRIVAL_MS);
    const told = errors.map(({ message }) => message).filter((text) => /something else/.test(text));
    expect(told.map((text) => text.slice(-4))).toEqual(['at 3', 'at 4']);
  });

  async function loseDisk(site: Site): Promise<void> {
    const server = bus.sites[site];
    if (server === undefined) throw new Error('no server');
    await server.stop();
    await rm(join(server.folder, 'jetstream'), { recursive: true });
    await server.restart();
  }

  it('says so when a number was given again while nobody could know', async () => {
    await putBack('H09');
    // The copy is of a program that left no word of having been on the bus.
    const folder = join(bus.services.folderOf('H09'), 'directory');
    await rm(join(folder, 'on-the-bus.json'), { force: true });
    await loseDisk('H09');
    bus.cutLink('H09');
    const errors: Error[] = [];
    await bus.services.reopen('H09', (error) => void errors.push(error));
    expect((await bus.addAgency({ code: 'H09.12.9', site: 'H09' })).entry.sequence).toBe(2);
    bus.healLink('H09');
    await waitUntil(() => errors.length > 0, 90_000);
    expect(errors).toMatchObject([
      { code: 'BUS_DIRECTORY_FORKED', details: { registrar: PROVINCE, sequence: 2, folder } },
    ]);
  }, 150_000);

  it('gives no number before the others have answered, where the disk was lost as well', async () => {
    const onBus = join(bus.services.folderOf('H09'), 'directory', 'on-the-bus.json');
    await waitUntil(() => existsSync(onBus), ARRIVAL_MS);
    await cp(onBus, join(copyOf('H09'), 'directory', 'on-the-bus.json'));
    await putBack('H09');
    await loseDisk('H09');
    bus.cutLink('H09');
    const errors: Error[] = [];
    const { enrolment } = await bus.services.reopen('H09', (error) => void errors.push(error));
    const enter = async () => await bus.addAgency({ code: 'H09.12.9', site: 'H09' });
    await expect(enter()).rejects.toMatchObject({ code: 'BUS_DIRECTORY_CATCHING_UP' });
    // A command beside the service, and the service after another start, know of it, too.
    const { registrar, signRegistrar: sign, rootRegistrar } = PROVINCE_REGISTRAR;
    const folder = join(bus.services.folderOf('H09'), 'directory');
    const beside = await openRegistry({ folder, registrar, sign, root: rootRegistrar });
    await expect(beside.append(draft('H09.12.9', 'H09'))).rejects.toMatchObject({
      code: 'BUS_DIRECTORY_CATCHING_UP',
    });
    bus.healLink('H09');
    await waitUntil(async () => (await enrolment.registry.busMark())?.awaits === null, 90_000);
    expect(enrolment.registry.copy.readUpTo(PROVINCE)).toBe(2);
    expect((await enter()).entry.sequence).toBe(3);
    const root = bus.service('TW').enrolment.registry;
    await waitUntil(() => root.copy.readUpTo(PROVINCE) === 3, ARRIVAL_MS);
    expect(errors).toEqual([]);
  }, 150_000);
});
