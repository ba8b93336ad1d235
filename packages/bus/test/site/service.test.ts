import { mkdtemp, rm, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { parseAgencyCode } from '../../src/agency/code.ts';
import { readCredentials } from '../../src/broker/jwt.ts';
import { connectSite } from '../../src/broker/site-connection.ts';
import { parsePayloadAs } from '../../src/record/codec.ts';
import { decodeRecord } from '../../src/record/frame.ts';
import {
  mintSiteCredentials,
  openEnrolment,
  openRegistry,
  openSite,
} from '../../src/site/index.ts';
import { streamsOfSite } from '../../src/stream/plan.ts';
import {
  type LocalBus,
  TEST_STREAM_LIMITS,
  startLocalBus,
  waitUntil,
} from '../../src/testing/index.ts';
import { connectEnrolled, documentSubject, receive, text } from '../broker/harness.ts';

const registrar = parseAgencyCode('A00');
const signRegistrar = async () => new TextEncoder().encode('signature');
const bytes = (content: string) => new TextEncoder().encode(content);
const agency = (code: string, site = 'H09') => ({
  code: parseAgencyCode(code),
  name: `Agency ${code}`,
  tier: 'district' as const,
  parent: null,
  site,
  certificates: [],
});

describe('the site service', () => {
  let bus: LocalBus;

  beforeAll(async () => {
    bus = await startLocalBus({ sites: ['H09'] });
  });

  afterAll(async () => {
    await bus?.stop();
  });

  it('gives an agency a signed entry and credentials for its own code', async () => {
    const added = await bus.site.addAgency(agency('H09.20'));
    expect(parsePayloadAs(decodeRecord(added.record), 'directory')).toEqual(added.entry);
    const info = await readCredentials(added.credentials);
    expect(info).toMatchObject({ name: 'H09-20', userPublicKey: added.entry.natsUserKey });
    const days = (Number(info.expiresAt) - Date.now()) / 86_400_000;
    expect(Math.round(days)).toBe(90);
  });

  it('picks up an agency that another process added', async () => {
    const enrolment = await openEnrolment({
      folder: join(bus.folder, 'site'),
      operator: bus.server().operator,
      registrar,
      signRegistrar,
    });
    const from = await bus.addAgency({ code: 'H09.21', site: 'H09' });
    const to = await enrolment.addAgency(agency('H09.22'));
    await using sender = await connectEnrolled(bus, from);
    await using recipient = await connectEnrolled(bus, to);
    const subject = documentSubject(from.entry, to.entry);
    await sender.publish(subject, bytes('welcome'), { messageId: 'welcome' });
    expect(text((await receive(recipient, 1))[0])).toBe('welcome');
    await waitUntil(async () => (await sender.getDirectoryEntry(to.entry.code)) !== undefined);
  });

  it('hosts a new site while everything runs', async () => {
    const from = await bus.addAgency({ code: 'H09.23', site: 'H09' });
    await bus.addSite('H44');
    const to = await bus.addAgency({ code: 'H44.1', site: 'H44' });
    await using sender = await connectEnrolled(bus, from);
    await using recipient = await connectEnrolled(bus, to);
    const subject = documentSubject(from.entry, to.entry);
    await sender.publish(subject, bytes('across'), { messageId: 'across' });
    expect(text((await receive(recipient, 1))[0])).toBe('across');
  });

  it('refuses credentials for a site that it does not host', async () => {
    await expect(bus.site.addAgency(agency('H50', 'H50'))).rejects.toMatchObject({
      code: 'BUS_SITE_INVALID',
    });
  });

  it('hands out a directory that fills many pages', async () => {
    const { enrolment } = bus.site;
    const before = enrolment.registry.entries().length;
    const name = 'Ủy ban nhân dân xã '.repeat(20).trim();
    for (let index = 0; index < 400; index += 1) {
      await enrolment.registry.append({
        ...agency(`H09.30.${index}`),
        name,
        role: 'agency',
        validFrom: '2026-01-01T00:00:00.000Z',
        validTo: '2026-02-01T00:00:00.000Z',
        oldCodes: [],
        predecessors: [],
        successors: [],
        natsUserKey: null,
      });
    }
    await bus.site.refresh();
    const reader = await bus.addAgency({ code: 'H09.24', site: 'H09' });
    await using connection = await connectEnrolled(bus, reader);
    let pages = 0;
    const sequences: number[] = [];
    const [head] = await connection.getDirectoryHeads();
    for (let sequence = 0; sequence < (head?.sequence ?? 0);) {
      const page = await connection.getDirectoryPage({ registrar, sequence });
      pages += 1;
      sequence = page.lastSequence;
      for (const record of page.records) {
        sequences.push(parsePayloadAs(decodeRecord(record), 'directory').sequence);
      }
    }
    expect(pages).toBeGreaterThan(1);
    expect(sequences).toEqual(Array.from({ length: before + 401 }, (_, index) => index + 1));
  });

  it('opens again on its folder and finds everything in place', async () => {
    const { operator, url } = bus.server();
    const again = await openSite({
      folder: join(bus.folder, 'site'),
      servers: url,
      operator,
      registrar,
      signRegistrar,
      limits: TEST_STREAM_LIMITS,
    });
    expect(again.enrolment.registry.entries().length).toBeGreaterThan(0);
    await again.close();
  });

  it('widens a stream but refuses a change that could lose documents', async () => {
    const { operator, url } = bus.server();
    const credentials = await mintSiteCredentials(operator, new Date());
    await using connection = await connectSite({ servers: url, credentials });
    const [inbox] = streamsOfSite('H09', TEST_STREAM_LIMITS);
    if (inbox === undefined) throw new Error('no plan');
    expect(await connection.ensureStream(inbox)).toBe('none');
    const direct = { ...inbox, directReads: true };
    expect(await connection.ensureStream(direct)).toBe('changed');
    expect(await connection.ensureStream(direct)).toBe('none');
    expect(await connection.ensureStream(inbox)).toBe('none');
    const wider = { ...inbox, maxBytes: inbox.maxBytes + 1024 };
    expect(await connection.ensureStream(wider)).toBe('changed');
    await expect(connection.ensureStream(inbox)).rejects.toMatchObject({
      code: 'BUS_STREAM_CHANGE_REFUSED',
      message: expect.stringContaining(`${wider.maxBytes} bytes`) as unknown,
    });
    await expect(
      connection.ensureStream({ ...wider, subjects: ['vb.msg.>'] }),
    ).rejects.toMatchObject({ code: 'BUS_STREAM_CHANGE_REFUSED' });
  });
});

describe('the registry', () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'congvan-registry-'));
  });

  afterEach(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  const open = async () => await openRegistry({ folder, registrar, sign: signRegistrar });
  const draft = (code: string) => ({
    ...agency(code),
    role: 'agency' as const,
    validFrom: '2026-01-01T00:00:00.000Z',
    validTo: null,
    oldCodes: [],
    predecessors: [],
    successors: [],
    natsUserKey: null,
  });

  it('gives each number once when several processes add', async () => {
    const registries = await Promise.all([open(), open(), open()]);
    await Promise.all(
      registries.flatMap((registry, index) =>
        Array.from({ length: 10 }, async (_, number) => {
          await registry.append(draft(`H0${index}.${number}`));
        }),
      ),
    );
    const entries = (await open()).entries();
    expect(entries.map(({ entry }) => entry.sequence)).toEqual(
      Array.from({ length: 30 }, (_, index) => index + 1),
    );
    expect(new Set(entries.map(({ entry }) => entry.code)).size).toBe(30);
  });

  it('lets a later entry of a code replace the earlier one', async () => {
    const registry = await open();
    await registry.append(draft('H09.1'));
    await registry.append({ ...draft('H09.1'), name: 'New name' });
    await registry.refresh();
    expect(registry.newest(parseAgencyCode('H09.1'))?.entry).toMatchObject({
      sequence: 2,
      name: 'New name',
    });
    expect(registry.entries()).toHaveLength(2);
  });

  it('says which entry is missing, cut short or misplaced', async () => {
    const registry = await open();
    for (const code of ['H09.1', 'H09.2', 'H09.3']) await registry.append(draft(code));
    await writeFile(join(folder, '00000003.rec'), 'CVR');
    await expect(open()).rejects.toMatchObject({
      code: 'BUS_DIRECTORY_FOLDER_DAMAGED',
      details: { sequence: 3 },
    });
    await unlink(join(folder, '00000002.rec'));
    await expect(open()).rejects.toMatchObject({ details: { sequence: 2 } });
  });

  it('passes over files that a crash left half written', async () => {
    const registry = await open();
    await registry.append(draft('H09.1'));
    await writeFile(join(folder, '00000002.rec.0a1b2c.partial'), 'half');
    expect((await open()).entries()).toHaveLength(1);
  });
});
