import { cpSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';

import { type Relay, backupRelay, exportEvidence, openRelay } from '@congvan/bus/relay';
import { waitUntil } from '@congvan/bus/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { type Agent, backupAgent } from '../src/index.ts';
import { PASSPHRASE } from './support/passphrase.ts';
import { makeRelayHome } from './support/relay.ts';
import { type Office, type Town, foundTown, makePdf } from './support/town.ts';

const WAIT_MS = 30_000;

describe('a copy of yesterday that is put back', () => {
  let town: Town;
  let commune: Office;
  let district: Office;
  let relay: Relay;
  let relayHome: string;
  let recipient: Agent;

  beforeEach(async () => {
    town = await foundTown();
    commune = await town.addOffice({ code: 'H09.12.034', tier: 'commune', site: 'H09' });
    district = await town.addOffice({ code: 'H09.12', tier: 'district', site: 'H09' });
    relayHome = await makeRelayHome(town, commune);
    relay = await openRelay({ home: relayHome, passphrase: async () => PASSPHRASE });
    recipient = await district.open();
    await ready(recipient);
  });

  afterEach(async () => {
    await recipient.close();
    await relay.close();
    await town[Symbol.asyncDispose]();
  });

  const ready = async (agent: Agent): Promise<void> =>
    await waitUntil(() => agent.status().directoryEntries >= 3, WAIT_MS);

  async function send(agent: Agent, key: string): Promise<number> {
    const sent = await agent.send({
      idempotencyKey: key,
      to: [district.code],
      document: { name: 'van-ban.pdf', pdf: await makePdf(key) },
      abstract: `Van ban ${key}`,
      documentType: 'Công văn',
    });
    return Number(sent.codeNumber);
  }

  /** Everything that either side has to say to the other is said. */
  const settled = async (agent: Agent): Promise<void> =>
    await waitUntil(() => {
      const { outbox, report } = agent.status();
      return outbox.waiting + outbox.published === 0 && report.watermark === report.last;
    }, WAIT_MS);

  /** The relay has everything that it reported; receipts are confirmed to the sender later. */
  const reported = async (agent: Agent): Promise<void> =>
    await waitUntil(() => {
      const { report } = agent.status();
      return report.last > 0 && report.watermark === report.last;
    }, WAIT_MS);

  const figures = (): unknown => {
    const { figures, agencies, agencies_silent } = relay.figures({ period: '2026' });
    const tiers = relay.breakdown({ period: '2026', by: 'tier' }).rows;
    return { figures, agencies, agencies_silent, tiers };
  };

  it('of an agent uses no number twice and ends with the same figures', async () => {
    let sender = await commune.open();
    await ready(sender);
    expect(await send(sender, 'first')).toBe(1);
    await settled(sender);
    // While it runs, as every night.
    const backup = join(town.folder, 'backup');
    await backupAgent({ home: commune.home, to: backup, withKeys: true });
    expectPrivate(backup);
    for (const key of ['second', 'third', 'fourth']) await send(sender, key);
    await sender.voidNumber(new Date().getFullYear(), 99, 'x').catch(() => undefined);
    await settled(sender);
    await waitUntil(() => recipient.listInbox().length === 4, WAIT_MS);
    const before = figures();
    await sender.close();

    // The disk is lost; what comes back is yesterday's copy.
    rmSync(commune.home, { recursive: true });
    cpSync(backup, commune.home, { recursive: true });
    await using desk = await commune.open({ mode: 'desk' });
    expect(desk.status().conditions.map(({ code }) => code)).toContain('RESTORED');
    await expect(send(desk, 'too early')).rejects.toMatchObject({ code: 'AGENT_RESTORED' });
    sender = await commune.open();
    await waitUntil(
      () => !sender.status().conditions.some(({ code }) => code === 'RESTORED'),
      WAIT_MS,
    );
    expect(sender.listRegister().map(({ number, state }) => [number, state])).toEqual([
      [1, 'issued'],
      [2, 'issued'],
      [3, 'issued'],
      [4, 'issued'],
    ]);
    expect(figures()).toEqual(before);
    expect(await send(sender, 'fifth')).toBe(5);
    await settled(sender);
    await waitUntil(() => recipient.listInbox().length === 5, WAIT_MS);
    expect(relay.listContradictions()).toEqual([]);
    // What was sent again brought the open part of its package along.
    const third = sender.track('3');
    const evidence = await exportEvidence({
      home: relayHome,
      id: third.documentId,
      passphrase: async () => PASSPHRASE,
    });
    expect(evidence.lacking).not.toContain('open-part');
    expect(evidence.facts.document.packageDigest).toBe(third.packageDigest);
    await sender.close();
  });

  it('of a relay asks for what it lost and ends with the same figures', async () => {
    const sender = await commune.open();
    await ready(sender);
    await send(sender, 'first');
    await settled(sender);
    await reported(recipient);
    const backup = join(town.folder, 'relay-backup');
    await backupRelay({ home: relayHome, to: backup, withKeys: true });
    for (const key of ['second', 'third']) await send(sender, key);
    await settled(sender);
    await waitUntil(() => recipient.listInbox().length === 3, WAIT_MS);
    await reported(recipient);
    const before = figures();
    await relay.close();
    rmSync(relayHome, { recursive: true });
    cpSync(backup, relayHome, { recursive: true });
    relay = await openRelay({ home: relayHome, passphrase: async () => PASSPHRASE });
    expect(figures()).not.toEqual(before);
    await waitUntil(() => JSON.stringify(figures()) === JSON.stringify(before), WAIT_MS);
    expect(relay.listContradictions()).toEqual([]);
    await sender.close();
  });

  it('is made without keys unless they are wanted, and never over another', async () => {
    const to = join(town.folder, 'data-only');
    await using sender = await commune.open();
    await ready(sender);
    const { files, bytes } = await backupAgent({ home: commune.home, to });
    expect(readdirSync(to).toSorted()).toEqual(expect.arrayContaining(['agent.json', 'trust']));
    expect(readdirSync(to)).not.toContain('keys');
    expect(readdirSync(to)).not.toContain('credentials');
    expect(files).toBeGreaterThan(3);
    expect(bytes).toBeGreaterThan(1_000);
    await expect(backupAgent({ home: commune.home, to })).rejects.toMatchObject({ code: 'EEXIST' });
  });
});

/** Nobody but its owner may read any of it. */
function expectPrivate(folder: string): void {
  const modes = readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => {
    const found = statSync(join(folder, name));
    return `${found.isFile() ? 'file' : 'folder'} ${(found.mode & 0o777).toString(8)}`;
  });
  expect(new Set(modes)).toEqual(new Set(['file 600', 'folder 700']));
}
