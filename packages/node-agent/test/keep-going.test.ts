import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { type RelayConnection, parseAgencyCode } from '@congvan/bus';
import { waitUntil } from '@congvan/bus/testing';
import Database from 'better-sqlite3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { Agent } from '../src/index.ts';
import { layoutOf } from '../src/index.ts';
import { takeOverBroker } from './support/broker.ts';
import { documentSubject, forgeDelivery } from './support/forge.ts';
import { type Office, type Town, foundTown } from './support/town.ts';

const WAIT_MS = 15_000;
/** What is left with the broker comes again soon, and a failed check is final sooner. */
const holdLimits = { leftMs: 200 };

describe('one message that goes wrong does not stop the others', () => {
  let town: Town;
  let commune: Office;
  let district: Office;
  let damaged: Office;
  let ministry: Office;
  let recipient: Agent;
  let broker: RelayConnection;
  let copies = 0;
  let aheadMs = 0;
  const now = () => new Date(Date.now() + aheadMs);
  const standing = () => recipient.status().conditions.map(({ code }) => code);

  beforeAll(async () => {
    town = await foundTown();
    commune = await town.addOffice({ code: 'H09.12.034', tier: 'commune', site: 'H09' });
    district = await town.addOffice({ code: 'H09.12', tier: 'district', site: 'H09' });
    damaged = await town.addOffice({ code: 'H09.13', tier: 'district', site: 'H09' });
    ministry = await town.addOffice({ code: 'G09', tier: 'central', site: 'TW' });
    broker = await takeOverBroker(town);
    recipient = await ministry.open({ holdLimits, now });
    await waitUntil(() => recipient.status().directoryEntries >= 5, WAIT_MS);
  });

  afterAll(async () => {
    await broker.close();
    await recipient.close();
    await town[Symbol.asyncDispose]();
  });

  /** Puts an honest document into the ministry's inbox and returns its id. */
  async function deliver(from: Office, signedBy = from): Promise<string> {
    const { message, documentId } = await forgeDelivery({
      from: from.code,
      to: ministry.code,
      seal: from.seal,
      node: signedBy.node,
      encryption: ministry.encryption.certificate,
    });
    copies += 1;
    const to = { tier: 'central', toSite: 'TW', to: ministry.code };
    const natsSubject = documentSubject({ ...to, fromSite: 'H09', from: from.code });
    await broker.publishMessage(natsSubject, message, { messageId: `copy ${copies}` });
    return documentId;
  }

  const hasArrived = (documentId: string): boolean =>
    recipient.listInbox().some((row) => row.documentId === documentId);

  function withDatabase(change: (db: Database.Database) => void): void {
    const db = new Database(layoutOf(ministry.home).database, { timeout: 5_000 });
    try {
      change(db);
    } finally {
      db.close();
    }
  }

  it('serves on with the trust it has while a file of the folder is damaged', async () => {
    const half = join(ministry.home, 'trust', 'crls', 'half.crl');
    await writeFile(half, 'half a revocation list');
    await new Promise((resolve) => setTimeout(resolve, 1_100)); // the folder is read once a second
    const first = await deliver(commune);
    await waitUntil(() => hasArrived(first), WAIT_MS);
    await expect(recipient.reloadTrust()).rejects.toMatchObject({
      code: 'SIGNER_TRUST_STORE_INVALID',
    });
    await rm(half);
    await recipient.reloadTrust();
  });

  it('stores the others of a batch when one of them cannot be stored', async () => {
    withDatabase((db) => {
      db.exec(`CREATE TRIGGER refuse BEFORE INSERT ON incoming WHEN NEW.sender = '${district.code}'
               BEGIN SELECT RAISE(ABORT, 'no room for this sender'); END`);
    });
    const bad = await deliver(district);
    const good = await deliver(commune);
    await waitUntil(() => hasArrived(good), WAIT_MS);
    expect(hasArrived(bad)).toBe(false);
    withDatabase((db) => db.exec('DROP TRIGGER refuse'));
    await waitUntil(() => hasArrived(bad), WAIT_MS);
  });

  it('reads on where it was after learning a single later entry', async () => {
    await recipient.close();
    const stranger = parseAgencyCode('H45.01');
    await town.bus.addAgency({ code: stranger, site: 'H45' });
    const late = await town.addOffice({ code: 'H45.02', tier: 'district', site: 'H45' });
    const { entry, record } = town.bus.site.enrolment.registry.newest(late.code) ?? {};
    withDatabase((db) => {
      db.prepare(
        `INSERT INTO directory_entry (registrar, sequence, code, site, role, counts, record)
         VALUES (?, ?, ?, 'H45', 'agency', 1, ?)`,
      ).run(entry?.registrar, entry?.sequence, late.code, record);
    });
    recipient = await ministry.open({ holdLimits, now });
    await waitUntil(() => recipient.listDirectory().some(({ code }) => code === stranger), WAIT_MS);
  });

  it('puts aside what its check fails on, and takes the rest', async () => {
    withDatabase((db) => {
      db.prepare(
        `UPDATE directory_entry SET record = x'00', sequence = sequence + 100 WHERE code = ?`,
      ).run(damaged.code);
    });
    await deliver(damaged);
    const good = await deliver(commune);
    await waitUntil(() => hasArrived(good), WAIT_MS);
    await waitUntil(() => recipient.listQuarantine().length === 1, WAIT_MS);
    expect(recipient.listQuarantine()).toMatchObject([
      { finding: 'CHECK_FAILED', claimedFrom: damaged.code, refusalSent: false },
    ]);
  });

  it('refuses nobody for a certificate while the directory cannot be asked', async () => {
    await town.bus.site.close();
    const before = recipient.listQuarantine();
    // As after a change of keys that this copy of the directory has not seen.
    await deliver(commune, district);
    const good = await deliver(commune);
    await waitUntil(() => hasArrived(good), WAIT_MS);
    expect(recipient.listQuarantine()).toEqual(before);
    expect(recipient.listHeld()).toMatchObject([{ from: commune.code, lacks: 'directory' }]);
    // Four minutes later nobody has answered its presence.
    aheadMs = 4 * 60_000;
    await waitUntil(() => standing().includes('SITE_SERVICE_SILENT'), WAIT_MS);
  });
});
