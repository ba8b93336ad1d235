import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import {
  type AgencyCode,
  DirectoryCopy,
  type DirectoryEntry,
  certificatesOf,
  encodePayload,
  parseAgencyCode,
  signRecord,
} from '../../src/index.ts';
import { MemoryLedger } from '../../src/directory/memory-ledger.ts';
import {
  AT,
  type TestKey,
  createEntry,
  createTestKey,
  failed,
  verifySignature,
} from '../record/fixture.ts';
import { PAYLOADS } from '../record/payloads.ts';

const ROOT = parseAgencyCode('A00');
const PROVINCE = parseAgencyCode('H09.DK');
const OTHER = parseAgencyCode('H44.DK');
const OFFICE = parseAgencyCode('H09.12');

const rootKey = createTestKey();
const provinceKey = createTestKey();
const otherKey = createTestKey();
const agencyKey = createTestKey();

type Change = Partial<DirectoryEntry>;

async function signed(key: TestKey, change: Change): Promise<Uint8Array> {
  const entry = createEntry(agencyKey, change);
  return await signRecord('directory', encodePayload('directory', entry), key.sign);
}

const ofRoot = async (sequence: number, change: Change = {}) =>
  await signed(rootKey, { registrar: ROOT, sequence, ...change });
const ofProvince = async (sequence: number, basedOn: number, change: Change = {}) =>
  await signed(provinceKey, { registrar: PROVINCE, sequence, basedOn, ...change });

const listed = (key: TestKey) => ({
  use: 'registrar' as const,
  sha256: key.sha256,
  der: Buffer.from(key.der).toString('base64'),
});

async function delegate(
  sequence: number,
  to: AgencyCode,
  key: TestKey,
  sites: string[],
  lastSequence: number | null = null,
): Promise<Uint8Array> {
  return await ofRoot(sequence, {
    code: to,
    site: sites[0] ?? 'H09',
    role: 'registrar',
    delegation: { sites, lastSequence },
    certificates: [listed(key)],
  });
}

function openCopy(verify = verifySignature) {
  const records = new Map<string, Uint8Array>();
  const name = (key: { registrar: string; sequence: number }) => `${key.registrar} ${key.sequence}`;
  let reads = 0;
  const ledger = new MemoryLedger(
    (key) => {
      reads += 1;
      return records.get(name(key));
    },
    (entry) => records.set(name(entry), entry.record),
  );
  const copy = new DirectoryCopy({ ledger, rootCertificate: rootKey.der, verify });
  const take = (...page: Uint8Array[]) => copy.takeIn(page, AT);
  return { copy, take, reads: () => reads };
}

describe('entries of the root', () => {
  it('are taken when its pinned certificate signed them, the newest of a code holds', async () => {
    const { copy, take } = openCopy();
    const taken = take(await ofRoot(2, { name: 'mới' }), await ofRoot(1, { name: 'cũ' }));
    expect(taken.refused).toEqual([]);
    expect([...taken.changed]).toEqual([OFFICE]);
    expect(copy.find(OFFICE)).toMatchObject({ name: 'mới', sequence: 2 });
    expect(copy.readUpTo(ROOT)).toBe(2);
  });

  it('leave a gap, to be read again, where one was not signed by it', async () => {
    const { copy, take } = openCopy();
    const forged = await signed(agencyKey, { registrar: ROOT, sequence: 2, name: 'giả' });
    const taken = take(await ofRoot(1), forged, await ofRoot(3, { code: parseAgencyCode('H10') }));
    expect(taken.refused).toMatchObject([
      { key: { registrar: ROOT, sequence: 2 }, finding: 'SIGNER_NOT_LISTED' },
    ]);
    expect(copy.readUpTo(ROOT)).toBe(1);
    expect(copy.find(parseAgencyCode('H10'))).toBeDefined();
    take(await ofRoot(2));
    expect(copy.readUpTo(ROOT)).toBe(3);
  });

  it('are no receipts and no nonsense', async () => {
    const { take } = openCopy();
    const receipt = encodePayload('receipt', PAYLOADS.receipt);
    const { refused } = take(
      await signRecord('receipt', receipt, rootKey.sign),
      new TextEncoder().encode('no record'),
    );
    expect(refused.map(({ finding }) => finding)).toEqual(['RECORD_MALFORMED', 'RECORD_MALFORMED']);
  });

  it('stay good when the certificate has run out since they were signed', async () => {
    const { copy, take } = openCopy((input) =>
      input.at >= AT ? failed('INDETERMINATE', 'EXPIRED', rootKey.sha256) : verifySignature(input),
    );
    take(await ofRoot(1, { signedAt: '2026-06-01T00:00:00.000Z' }));
    expect(copy.find(OFFICE)).toBeDefined();
  });
});

describe('entries of a registrar to whom the root has delegated', () => {
  it('count in its sites, from the delegation on', async () => {
    const { copy, take } = openCopy();
    take(await ofRoot(1), await delegate(2, PROVINCE, provinceKey, ['H09']));
    const { refused } = take(
      await ofProvince(1, 1, { name: 'trước khi được giao' }),
      await ofProvince(2, 2, { name: 'của tỉnh' }),
    );
    expect(refused).toMatchObject([{ key: { sequence: 1 }, finding: 'SIGNER_NOT_LISTED' }]);
    expect(copy.find(OFFICE)).toMatchObject({ name: 'của tỉnh', registrar: PROVINCE });
  });

  it.each<[string, Change]>([
    ['an agency of another site', { code: parseAgencyCode('H44.1'), site: 'H44' }],
    ['an agency that the root keeps at another site', { code: parseAgencyCode('G09') }],
    ['the root itself', { code: ROOT }],
    ['another registrar', { code: OTHER }],
    [
      'a registrar of its own',
      {
        code: parseAgencyCode('H09.DK2'),
        role: 'registrar',
        delegation: { sites: ['H09'], lastSequence: null },
      },
    ],
  ])('are kept and passed over for %s', async (_what, change) => {
    const { copy, take } = openCopy();
    take(
      await ofRoot(1, { code: parseAgencyCode('G09'), site: 'TW' }),
      await delegate(2, PROVINCE, provinceKey, ['H09']),
      await delegate(3, OTHER, otherKey, ['H44']),
    );
    const code = change.code ?? OFFICE;
    const before = copy.find(code);
    const taken = take(await ofProvince(1, 3, change));
    expect(taken.refused).toEqual([]);
    expect(copy.find(code)).toEqual(before);
    expect(copy.readUpTo(PROVINCE)).toBe(1);
    expect(copy.registrars().has(change.code ?? '')).toBe(change.code === OTHER);
  });

  it('cost no look at what was delegated, until there is another delegation', async () => {
    const { copy, take, reads } = openCopy();
    take(await delegate(1, PROVINCE, provinceKey, ['H09']));
    take(await ofProvince(1, 1));
    const before = reads();
    for (let sequence = 2; sequence <= 20; sequence += 1) {
      take(await ofProvince(sequence, 1, { code: parseAgencyCode(`H09.${sequence}`) }));
    }
    expect(reads() - before).toBe(0);
    take(await delegate(2, OTHER, otherKey, ['H44']));
    expect([...copy.registrars().keys()]).toEqual([PROVINCE, OTHER]);
  });

  it('wait for the entries of the root that they build on', async () => {
    const { copy, take } = openCopy();
    take(await delegate(1, PROVINCE, provinceKey, ['H09']));
    const early = await ofProvince(1, 2);
    expect(take(early)).toMatchObject({ added: 0, needsRoot: 2, waiting: [early] });
    take(await ofRoot(2), early);
    expect(copy.find(OFFICE)).toMatchObject({ registrar: PROVINCE });
  });

  it('give way to a later word of the root, until their registrar has read it', async () => {
    const { copy, take } = openCopy();
    take(await delegate(1, PROVINCE, provinceKey, ['H09']), await ofProvince(1, 1));
    take(await ofRoot(2, { name: 'trung ương sửa' }));
    expect(copy.find(OFFICE)).toMatchObject({ registrar: ROOT });
    take(await ofProvince(2, 1, { name: 'chưa đọc' }));
    expect(copy.find(OFFICE)).toMatchObject({ registrar: ROOT });
    take(await ofProvince(3, 2, { name: 'đã đọc' }));
    expect(copy.find(OFFICE)).toMatchObject({ name: 'đã đọc' });
  });

  it('stay up to the last one that counts when the delegation ends; later ones never were', async () => {
    const { copy, take } = openCopy();
    take(await ofRoot(1), await delegate(2, PROVINCE, provinceKey, ['H09']));
    take(
      await ofProvince(1, 2, { name: 'thật' }),
      await ofProvince(2, 2, { name: 'kẻ trộm khóa' }),
    );
    const { changed } = take(await delegate(3, PROVINCE, provinceKey, ['H09'], 1));
    expect([...changed]).toContain(OFFICE);
    expect(copy.find(OFFICE)).toMatchObject({ name: 'thật' });
    take(await ofProvince(3, 3, { name: 'sau khi hết' }));
    expect(copy.find(OFFICE)).toMatchObject({ name: 'thật' });
    // An end is for good.
    take(await delegate(4, PROVINCE, provinceKey, ['H09']), await ofProvince(4, 4));
    expect(copy.find(OFFICE)).toMatchObject({ name: 'thật' });
  });

  it('are refused with a revoked certificate, except where the root has fixed the last one', async () => {
    const verify: typeof verifySignature = (input) =>
      input.at >= AT && input.certificates.some((der) => Buffer.compare(der, provinceKey.der) === 0)
        ? failed('TOTAL-FAILED', 'REVOKED', provinceKey.sha256)
        : verifySignature(input);
    const { copy, take } = openCopy(verify);
    const entry = await ofProvince(1, 1, { signedAt: '2026-06-01T00:00:00.000Z' });
    take(await delegate(1, PROVINCE, provinceKey, ['H09']));
    expect(take(entry).refused).toMatchObject([{ finding: 'CERTIFICATE_REVOKED' }]);
    take(await delegate(2, PROVINCE, provinceKey, ['H09'], 1), entry);
    expect(copy.find(OFFICE)).toMatchObject({ registrar: PROVINCE });
  });

  it('follow an agency to the registrar of its new site', async () => {
    const { copy, take } = openCopy();
    take(
      await delegate(1, PROVINCE, provinceKey, ['H09']),
      await delegate(2, OTHER, otherKey, ['H44']),
      await ofProvince(1, 2),
    );
    take(await ofRoot(3, { site: 'H44', predecessors: [parseAgencyCode('H09.11')] }));
    take(await ofProvince(2, 3, { name: 'tỉnh cũ' }));
    expect(copy.find(OFFICE)).toMatchObject({ registrar: ROOT, site: 'H44' });
    take(await signed(otherKey, { registrar: OTHER, sequence: 1, basedOn: 3, site: 'H44' }));
    expect(copy.find(OFFICE)).toMatchObject({ registrar: OTHER, site: 'H44' });
  });
});

it('leads to the same directory in whatever order and how often the entries come', async () => {
  const name = parseAgencyCode('H44.7');
  const records = await Promise.all([
    ofRoot(1),
    delegate(2, PROVINCE, provinceKey, ['H09']),
    delegate(3, OTHER, otherKey, ['H44', 'H09']),
    ofRoot(4, { name: 'lần hai' }),
    delegate(5, OTHER, otherKey, ['H44'], 2),
    ofProvince(1, 2, { name: 'p1' }),
    ofProvince(2, 4, { name: 'p2' }),
    ofProvince(3, 5, { code: name, name: 'hai nơi cùng nhận' }),
    signed(otherKey, { registrar: OTHER, sequence: 1, basedOn: 3, code: name, site: 'H44' }),
    signed(otherKey, { registrar: OTHER, sequence: 2, basedOn: 4, name: 'o2', site: 'H44' }),
    signed(otherKey, { registrar: OTHER, sequence: 3, basedOn: 4, code: name, site: 'H44' }),
  ]);
  const settle = (order: readonly Uint8Array[]) => {
    const { copy, take } = openCopy();
    // The bus gives again what was not taken.
    for (let round = 0; round < records.length; round += 1) take(...order);
    return [OFFICE, name, PROVINCE, OTHER].map((code) => {
      const found = copy.find(code);
      return found && `${found.registrar} ${found.sequence}`;
    });
  };
  const expected = ['H09.DK 2', 'H44.DK 1', 'A00 2', 'A00 5'];
  expect(settle(records)).toEqual(expected);
  fc.assert(
    fc.property(
      fc.shuffledSubarray(records, { minLength: records.length }),
      fc.subarray(records),
      (order, again) => {
        expect(settle([...again, ...order])).toEqual(expected);
      },
    ),
    { numRuns: 30 },
  );
});

describe('entries that were replaced', () => {
  const day = 24 * 60 * 60_000;
  const at = (days: number) => new Date(AT.getTime() + days * day);
  const iso = (days: number) => at(days).toISOString();

  it('count for what was stored while they held', async () => {
    const { copy, take } = openCopy();
    take(
      await ofRoot(1, { signedAt: iso(-30), name: 'một' }),
      await ofRoot(2, { signedAt: iso(-20), name: 'hai' }),
      await ofRoot(3, { signedAt: iso(-10), name: 'ba' }),
    );
    const namesAt = (time: Date) => copy.earlier(OFFICE, time).map(({ name }) => name);
    expect(namesAt(at(-25))).toEqual(['một']);
    expect(namesAt(at(-20))).toEqual(['hai']);
    expect(namesAt(at(-15))).toEqual(['hai']);
    expect(namesAt(at(0))).toEqual([]);
  });
});

it('lists certificates by use, decoded once', () => {
  const entry = createEntry(agencyKey);
  const certificates = certificatesOf(entry, 'node');
  expect(certificates).toEqual([{ sha256: agencyKey.sha256, der: Uint8Array.from(agencyKey.der) }]);
  expect(certificatesOf(entry, 'node')).toBe(certificates);
  expect(certificatesOf(entry, 'encryption')).toEqual([]);
});
