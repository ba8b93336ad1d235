import { DirectoryCopy, DirectoryReader, parseAgencyCode } from '../../src/index.ts';
import type { DirectoryClient } from '../../src/directory/client.ts';
import { MemoryLedger } from '../../src/directory/memory-ledger.ts';
import type { EntryDraft } from '../../src/site/index.ts';
import { type TestKey, createTestKey, verifySignature } from '../record/fixture.ts';

export const ROOT = parseAgencyCode('TW.DK');
export const PROVINCE = parseAgencyCode('H09.DK');
export const rootKey = createTestKey();
export const provinceKey = createTestKey();

/** What the site service of the root and of a province are started with. */
export const ROOT_REGISTRAR = {
  registrar: ROOT,
  signRegistrar: rootKey.sign,
  rootRegistrar: { code: ROOT, certificate: rootKey.der },
  verify: verifySignature,
};
export const PROVINCE_REGISTRAR = {
  ...ROOT_REGISTRAR,
  registrar: PROVINCE,
  signRegistrar: provinceKey.sign,
};

export function draft(code: string, site: string, change: Partial<EntryDraft> = {}): EntryDraft {
  return {
    code: parseAgencyCode(code),
    name: `Agency ${code}`,
    tier: 'district',
    parent: null,
    site,
    role: 'agency',
    validFrom: '2026-01-01T00:00:00.000Z',
    validTo: null,
    oldCodes: [],
    predecessors: [],
    successors: [],
    certificates: [],
    natsUserKey: null,
    ...change,
  };
}

export function delegationDraft(
  site: string,
  key: TestKey,
  lastSequence: number | null = null,
): EntryDraft {
  return draft(`${site}.DK`, site, {
    role: 'registrar',
    delegation: { sites: [site], lastSequence },
    certificates: [
      { use: 'registrar', sha256: key.sha256, der: Buffer.from(key.der).toString('base64') },
    ],
  });
}

/** A verified copy in memory that reads from a site service, as an agent's does. */
export function openReader(client: DirectoryClient) {
  const records = new Map<string, Uint8Array>();
  const ledger = new MemoryLedger(
    ({ registrar, sequence }) => records.get(`${registrar} ${sequence}`),
    ({ registrar, sequence, record }) => records.set(`${registrar} ${sequence}`, record),
  );
  const copy = new DirectoryCopy({
    ledger,
    rootCertificate: rootKey.der,
    verify: verifySignature,
  });
  const reader = new DirectoryReader({
    client,
    copy,
    commit: async (work) => work(),
    now: () => new Date(),
  });
  return { copy, reader };
}
