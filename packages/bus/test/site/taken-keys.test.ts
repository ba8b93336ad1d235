import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, it } from 'vitest';

import { parseAgencyCode } from '../../src/agency/code.ts';
import { connectAgency } from '../../src/broker/agency-connection.ts';
import { createNatsKey } from '../../src/broker/keys.ts';
import type { DirectoryEntry } from '../../src/directory/entry.ts';
import { BusError } from '../../src/errors.ts';
import { startLocalServer } from '../../src/local-server/start.ts';
import { pushAccount, revokeUser } from '../../src/operator/push.ts';
import { findTakenKeys, revokeTakenKeys } from '../../src/site/taken-keys.ts';
import { startLocalBus } from '../../src/testing/local-bus.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'congvan-taken-keys-'));
});
afterEach(async () => await rm(folder, { recursive: true, force: true, maxRetries: 5 }));

it('whom the directory took the key is shut out again where keys and server have forgotten it', async () => {
  await using bus = await startLocalBus({ sites: ['H09'] });
  const { operator } = bus.server();
  const { enrolment } = bus.site;
  const thief = await bus.addAgency({ code: 'H09.12.1', site: 'H09' });
  const neighbour = await bus.addAgency({ code: 'H09.12.2', site: 'H09' });
  const relay = await bus.addRelay({ code: 'H09.RELAY', site: 'H09' });
  expect(await revokeTakenKeys(operator, enrolment.registry)).toEqual([]);
  await cp(operator.folder, join(folder, 'operator'), { recursive: true });
  const userPublicKey = keyOf(thief.entry);
  await revokeUser(operator, { site: 'H09', userPublicKey }, { servers: [bus.url] });
  await enrolment.amend(thief.entry.code, { natsUserKey: null });
  await enrolment.amend(relay.entry.code, { natsUserKey: null });

  // Yesterday's keys on an empty machine: nothing but the directory knows.
  await using restored = await startLocalServer({ folder, sites: ['H09'] });
  const isLetIn = async ({ entry, credentials }: typeof thief): Promise<boolean> => {
    const agency = { code: entry.code, site: 'H09', name: 'test' };
    try {
      await (await connectAgency({ servers: restored.url, credentials, ...agency })).close();
      return true;
    } catch (error) {
      if (error instanceof BusError && error.code === 'BUS_CONNECT_FAILED') return false;
      throw error;
    }
  };
  expect([await isLetIn(thief), await isLetIn(neighbour)]).toEqual([true, true]);
  const accounts = await revokeTakenKeys(restored.operator, enrolment.registry);
  expect(accounts).toHaveLength(2);
  for (const account of accounts) {
    await pushAccount(restored.operator, account, { servers: [restored.url] });
  }
  expect([await isLetIn(thief), await isLetIn(neighbour)]).toEqual([false, true]);
  expect(await restored.operator.writeDownRevoked('RELAY', [keyOf(relay.entry)])).toEqual([]);
  expect(await revokeTakenKeys(restored.operator, enrolment.registry)).toEqual([]);
});

it('a key is taken by a later entry of the same code and site, never from who holds it now', async () => {
  await using bus = await startLocalBus({ sites: ['H09', 'H44'] });
  const { entry } = await bus.addAgency({ code: 'H09.12.1', site: 'H09' });
  const [one, two, three] = [1, 2, 3].map(() => createNatsKey('user').publicKey);
  const taken = (...changes: readonly Partial<DirectoryEntry>[]): (string | undefined)[] => {
    const entries = changes.map((change, at) => ({
      entry: { ...entry, sequence: at + 1, ...change },
      record: new Uint8Array(),
    }));
    const holders = entries.slice(-1);
    const found = findTakenKeys({ entries: () => entries, holders: () => holders });
    return found.map(({ userPublicKey }) => userPublicKey);
  };
  const root = parseAgencyCode('TW.1');
  const key = (natsUserKey: string | null | undefined, more: Partial<DirectoryEntry> = {}) => ({
    natsUserKey: natsUserKey ?? null,
    ...more,
  });
  expect(taken(key(one))).toEqual([]);
  expect(taken(key(one), key(one, { name: 'Tên mới' }))).toEqual([]);
  expect(taken(key(one), key(two), key(three))).toEqual([one, two]);
  expect(taken(key(one), key(null))).toEqual([one]);
  expect(taken(key(one), key(null), key(one))).toEqual([]);
  // Closed is not shut out, and a move leaves the old site's inbox to be fetched.
  expect(taken(key(one), key(one, { validTo: entry.validFrom }))).toEqual([]);
  expect(taken(key(one), key(null, { site: 'H44' }))).toEqual([]);
  expect(taken(key(one), key(null), key(null, { site: 'H44' }))).toEqual([one]);
  // Of two registrars nobody knows who was first, but for the entry that holds.
  expect(taken(key(one, { registrar: root, sequence: 9 }), key(two))).toEqual([one]);
});

function keyOf({ natsUserKey }: DirectoryEntry): string {
  if (natsUserKey === null) throw new Error('no key');
  return natsUserKey;
}
