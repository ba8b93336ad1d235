import { createSignatureVerifier } from '@congvan/signer';
import { createTestPki } from '@congvan/signer/testing';
import { expect, it } from 'vitest';

import {
  type AgencyCode,
  type DirectoryEntry,
  type EntryKey,
  encodePayload,
  parseAgencyCode,
  signRecord,
} from '../../src/index.ts';
import { DirectoryCopy } from '../../src/relay/directory-copy.ts';
import { DirectoryStore } from '../../src/relay/storage/directory-store.ts';
import { signWith } from './relay-bus.ts';
import { NOW, RelayDatabase, listing } from './relay-database.ts';

function entry(sequence: number, code: string, change: Partial<DirectoryEntry> = {}) {
  return encodePayload('directory', listing(code, 'province', { sequence, site: code, ...change }));
}

it('keeps what the pinned registrar signed, the newest entry of each code, and nothing else', async () => {
  using relay = new RelayDatabase();
  const pki = await createTestPki();
  const registrar = await pki.issue({ commonName: 'Cơ quan đăng ký', use: 'registrar' });
  const other = await pki.issue({ commonName: 'Cơ quan khác', use: 'registrar' });
  const sign = (payload: Uint8Array) => signRecord('directory', payload, signWith(registrar));
  const pages = new Map([
    [
      0,
      [
        await sign(entry(1, 'H09')),
        await signRecord('directory', entry(2, 'H10'), signWith(other)),
        new TextEncoder().encode('no record'),
      ],
    ],
    [3, [await sign(entry(4, 'H09', { tier: 'central' })), await sign(entry(3, 'H09'))]],
  ]);
  const changes: AgencyCode[][] = [];
  const refusals: string[] = [];
  const asked: number[] = [];
  const options = {
    db: relay.db,
    store: new DirectoryStore(relay.db),
    client: {
      getDirectoryHeads: async () => [{ registrar: parseAgencyCode('A00'), sequence: 4 }],
      getDirectoryPage: async ({ sequence }: EntryKey) => {
        asked.push(sequence);
        const records = pages.get(sequence) ?? pages.get(0) ?? [];
        return { records, lastSequence: sequence < 3 ? 3 : 4 };
      },
    },
    verify: createSignatureVerifier(() => pki.trust()),
    registrarCertificate: registrar.certificate.der,
    now: () => NOW,
    log: (level: string, message: string) => {
      if (level === 'warn') refusals.push(message);
    },
    onChanged: async (codes: ReadonlySet<AgencyCode>) => void changes.push([...codes]),
  };
  const copy = new DirectoryCopy(options);
  const [first, second] = await Promise.all([copy.refresh(), copy.refresh()]);
  expect(first).toBe(second); // one request for both
  expect([...copy.sites()]).toEqual(['H09']);
  expect(copy.findStored('H09')).toMatchObject({ sequence: 4, tier: 'central' });
  expect(copy.findStored('H10')).toBeUndefined();
  expect(refusals).toHaveLength(1);
  expect((await copy.refresh()).size).toBe(0);

  const again = new DirectoryCopy(options);
  expect(again.findStored('H09')).toMatchObject({ sequence: 4, tier: 'central' });
  expect((await again.refresh()).size).toBe(0);
  // Entry 2 did not come as its registrar signed it: only its page is asked for again, except by a
  // relay that has just started.
  expect(asked).toEqual([0, 3, 1, 1, 3]);
  expect(changes).toEqual([['H09']]);
});
