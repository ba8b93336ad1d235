import { describe, expect, it } from 'vitest';

import {
  type DirectoryVerification,
  certificatesOf,
  decodeRecord,
  encodePayload,
  newerEntry,
  newestEntries,
  parseAgencyCode,
  signRecord,
  verifyDirectoryRecord,
} from '../../src/index.ts';
import { AT, createEntry, createTestKey, verifySignature } from '../record/fixture.ts';
import { PAYLOADS } from '../record/payloads.ts';

const registrar = createTestKey();
const agency = createTestKey();
const entry = createEntry(agency);

async function verifySignedBy(signer = registrar): Promise<DirectoryVerification> {
  const bytes = await signRecord('directory', encodePayload('directory', entry), signer.sign);
  return verifyDirectoryRecord(decodeRecord(bytes), {
    registrarCertificate: registrar.der,
    verify: verifySignature,
    at: AT,
  });
}

describe('verifyDirectoryRecord', () => {
  it('takes an entry that the pinned registrar signed', async () => {
    expect(await verifySignedBy()).toEqual({ authentic: true, entry });
  });

  it('refuses an entry that the agency itself signed', async () => {
    expect(await verifySignedBy(agency)).toMatchObject({ finding: 'SIGNER_NOT_LISTED' });
  });

  it('refuses a record of another type, signed by the registrar', async () => {
    const payload = encodePayload('receipt', PAYLOADS.receipt);
    const bytes = await signRecord('receipt', payload, registrar.sign);
    const result = verifyDirectoryRecord(decodeRecord(bytes), {
      registrarCertificate: registrar.der,
      verify: verifySignature,
      at: AT,
    });
    expect(result).toMatchObject({ finding: 'RECORD_MALFORMED' });
  });
});

describe('the newest entry of a code', () => {
  const older = createEntry(agency, { sequence: 3, name: 'cũ' });
  const newer = createEntry(agency, { sequence: 7, name: 'mới' });

  it('is the one with the higher sequence, whichever came first', () => {
    expect(newerEntry(older, newer)).toBe(newer);
    expect(newerEntry(newer, older)).toBe(newer);
    expect(newerEntry(undefined, older)).toBe(older);
  });

  it('is chosen for each code apart', () => {
    const other = createEntry(agency, { code: parseAgencyCode('H10'), sequence: 5 });
    const newest = newestEntries([newer, other, older]);
    expect([...newest.values()]).toEqual([newer, other]);
  });
});

it('lists certificates by use, decoded once', () => {
  const listed = certificatesOf(entry, 'node');
  expect(listed).toEqual([{ sha256: agency.sha256, der: Uint8Array.from(agency.der) }]);
  expect(certificatesOf(entry, 'node')).toBe(listed);
  expect(certificatesOf(entry, 'encryption')).toEqual([]);
});
