import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { revokeUser } from '@congvan/bus';
import { waitUntil } from '@congvan/bus/testing';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { type Agent, type ConditionCode, type SendRequest, openAgent } from '../src/index.ts';
import { layoutOf } from '../src/index.ts';
import { PASSPHRASE } from './support/passphrase.ts';
import { type Office, type Town, foundTown, makePdf } from './support/town.ts';

const WAIT_MS = 20_000;
const MINUTE_MS = 60_000;

const codesOf = (agent: Agent): ConditionCode[] =>
  agent.status().conditions.map(({ code }) => code);

async function untilCondition(agent: Agent, code: ConditionCode, stands = true): Promise<void> {
  await waitUntil(() => codesOf(agent).includes(code) === stands, WAIT_MS);
}

async function request(to: Office, pdf?: Uint8Array): Promise<SendRequest> {
  return {
    to: [to.code],
    document: { name: 'van-ban.pdf', pdf: pdf ?? (await makePdf('ngay xau')) },
    abstract: 'Văn bản của ngày xấu',
    documentType: 'Công văn',
  };
}

describe('an agent on a bad day', () => {
  let town: Town;
  let commune: Office;
  let district: Office;
  const agents: Agent[] = [];

  beforeEach(async () => {
    town = await foundTown();
    commune = await town.addOffice({ code: 'H09.12.034', tier: 'commune', site: 'H09' });
    district = await town.addOffice({ code: 'H09.12', tier: 'district', site: 'H09' });
  });

  afterEach(async () => {
    for (const agent of agents.splice(0)) await agent.close();
    await town[Symbol.asyncDispose]();
  });

  async function open(office: Office, options: Parameters<Office['open']>[0] = {}): Promise<Agent> {
    const agent = await office.open(options);
    agents.push(agent);
    return agent;
  }

  /** A second process would see the same: the desk reads files only. */
  async function atTheDesk<T>(
    office: Office,
    look: (desk: Agent) => T,
    now = (): Date => new Date(),
  ): Promise<Awaited<T>> {
    await using desk = await office.open({ mode: 'desk', now });
    return await look(desk);
  }

  const connected = async (agent: Agent): Promise<void> =>
    await waitUntil(
      () => agent.status().broker === 'connected' && agent.status().directoryEntries >= 3,
      WAIT_MS,
    );

  it('says that the broker is away and since when, keeps what is sent, and goes on', async () => {
    const sender = await open(commune);
    const recipient = await open(district);
    await connected(sender);
    await connected(recipient);
    const before = new Date();
    await town.bus.kill();
    await untilCondition(sender, 'BROKER_UNREACHABLE');
    await sender.send(await request(district));
    const [condition] = await atTheDesk(commune, (desk) => desk.status().conditions);
    expect(condition).toMatchObject({ code: 'BROKER_UNREACHABLE', severity: 'warning' });
    expect(condition?.since.getTime()).toBeGreaterThanOrEqual(before.getTime() - 1_000);
    expect(condition?.detail).toContain(town.bus.url);
    await town.bus.restart();
    await waitUntil(() => recipient.listInbox().length === 1, WAIT_MS);
    await untilCondition(sender, 'BROKER_UNREACHABLE', false);
  });

  it('says after a week away what was kept', async () => {
    let aheadMs = 0;
    const now = (): Date => new Date(Date.now() + aheadMs);
    const sender = await open(commune, { now });
    await connected(sender);
    await town.bus.kill();
    await untilCondition(sender, 'BROKER_UNREACHABLE');
    await sender.send(await request(district));
    aheadMs = 8 * 24 * 60 * MINUTE_MS;
    await untilCondition(sender, 'OFFLINE_LONG');
    const condition = sender.status().conditions.find(({ code }) => code === 'OFFLINE_LONG');
    expect(condition?.facts).toMatchObject({ days: 8, waiting: 2 });
  });

  it('tells expired credentials from refused ones and takes up new ones by itself', async () => {
    const file = layoutOf(commune.home).credentials;
    const good = readFileSync(file);
    const expired = await town.bus.server().operator.mint({
      account: 'RELAY',
      name: 'H09-12-034',
      permissions: 'all',
      expiresAt: new Date(Date.now() - 60 * MINUTE_MS),
      now: new Date(Date.now() - 120 * MINUTE_MS),
    });
    writeFileSync(file, expired);
    const sender = await open(commune);
    await untilCondition(sender, 'CREDENTIALS_EXPIRED');
    expect(codesOf(sender)).not.toContain('BROKER_UNREACHABLE');
    writeFileSync(file, good);
    await connected(sender);
    await untilCondition(sender, 'CREDENTIALS_EXPIRED', false);
  });

  it('says that its credentials were revoked', async () => {
    const sender = await open(commune);
    await connected(sender);
    const own = town.bus.site.enrolment.registry.newest(commune.code);
    const user = { site: 'H09', userPublicKey: own?.entry.natsUserKey ?? '' };
    await revokeUser(town.bus.server().operator, user, { servers: [town.bus.url] });
    await untilCondition(sender, 'CREDENTIALS_REVOKED');
    await sender.send(await request(district));
    expect(sender.status().outbox.waiting).toBe(2);
  });

  it('numbers nothing while its clock is ten minutes off', async () => {
    const now = (): Date => new Date(Date.now() + 10 * MINUTE_MS);
    const sender = await open(commune, { now });
    await untilCondition(sender, 'CLOCK_WRONG');
    const facts = sender.status().conditions[0]?.facts;
    expect(Number(facts?.['offsetSeconds'])).toBeLessThan(-595);
    const refused = { code: 'AGENT_CLOCK_WRONG' };
    await expect(sender.send(await request(district))).rejects.toMatchObject(refused);
    const atDesk = async (desk: Agent): Promise<void> => {
      await expect(desk.send(await request(district))).rejects.toMatchObject(refused);
    };
    await atTheDesk(commune, atDesk, now);
    expect(sender.listRegister()).toEqual([]);
  });

  it('waits for a database that another process has locked', async () => {
    const recipient = await open(district);
    const sender = await open(commune);
    await connected(sender);
    await connected(recipient);
    const other = new Database(layoutOf(district.home).database);
    other.exec('BEGIN IMMEDIATE');
    await sender.send(await request(district));
    await untilCondition(recipient, 'DATABASE_LOCKED');
    expect(recipient.listInbox()).toEqual([]);
    other.exec('ROLLBACK');
    other.close();
    await waitUntil(() => recipient.listInbox().length === 1, WAIT_MS);
    await untilCondition(recipient, 'DATABASE_LOCKED', false);
  });

  it('takes nothing in while its disk is full, keeps the connection, and goes on', async () => {
    const sender = await open(commune);
    await connected(sender);
    const small = join(town.folder, 'small');
    mkdirSync(small);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=32m', 'tmpfs', small]);
    try {
      const home = join(small, 'agency');
      cpSync(district.home, home, { recursive: true });
      const pass = async (): Promise<string> => PASSPHRASE;
      const passphrase = { node: pass, seal: pass, encryption: pass };
      await using recipient = await openAgent({ home, passphrase });
      await connected(recipient);
      await untilCondition(recipient, 'BROKER_UNREACHABLE', false);
      const filler = join(small, 'filler');
      const { bavail, bsize } = statfsSync(small);
      try {
        writeFileSync(filler, Buffer.alloc(Math.max(0, bavail - 1) * bsize));
      } catch (error) {
        // The agent itself may have taken some of it in between: full is full.
        if (!String(error).includes('ENOSPC')) throw error;
      }
      for (let count = 0; count < 4; count += 1) {
        await sender.send(await request(district, await makePdf('lon', 150_000)));
      }
      await untilCondition(recipient, 'DISK_FULL');
      const before = recipient.listRegister().length;
      await expect(recipient.send(await request(commune))).rejects.toMatchObject({
        code: 'AGENT_DISK_FULL',
      });
      expect(recipient.listRegister()).toHaveLength(before);
      expect(recipient.status().broker).toBe('connected');
      await using desk = await openAgent({ home, passphrase, mode: 'desk' });
      // What the running agent sees is written beside it, also now that its disk is full.
      await untilCondition(desk, 'DISK_FULL');
      rmSync(filler);
      await waitUntil(() => recipient.listInbox().length === 4, 2 * WAIT_MS);
      await untilCondition(recipient, 'DISK_FULL', false);
    } finally {
      execFileSync('umount', ['-l', small]);
    }
  });
});

describe('a broker whose store is full', () => {
  it('is told as such, and the message is kept and tried again', async () => {
    const KIB = 1024;
    const limits = { inboxBytes: 64 * KIB, reportBytes: 512 * KIB, blobBytes: 64 * KIB };
    await using town = await foundTown({ limits: { ...limits, replicas: 1 } });
    const commune = await town.addOffice({ code: 'H09.12.034', tier: 'commune', site: 'H09' });
    const district = await town.addOffice({ code: 'H09.12', tier: 'district', site: 'H09' });
    await using sender = await commune.open();
    await waitUntil(() => sender.status().directoryEntries >= 3, WAIT_MS);
    await sender.send(await request(district, await makePdf('lon', 100_000)));
    await untilCondition(sender, 'STREAM_FULL');
    const row = sender.listOutbox().find(({ purpose }) => purpose === 'document');
    expect(row).toMatchObject({ state: 'waiting', outcome: null });
    expect(row?.lastError).toContain('BUS_PUBLISH_REFUSED');
  });
});
