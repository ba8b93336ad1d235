import { beforeAll, describe, expect, it } from 'vitest';

import { certificatesOf } from '../../src/pades/certificates.ts';
import { extractRevision } from '../../src/pades/revision.ts';
import { signPdf } from '../../src/pades/sign.ts';
import { verifyPdf } from '../../src/pades/verify.ts';
import { type LongLife, createLongLife, tsaOf } from './long-life.ts';
import { appendRevision } from './revision.ts';
import { allSources, plainPdf } from './sources.ts';

const AT = new Date('2026-06-01T08:00:00Z');
let life: LongLife;

beforeAll(async () => {
  life = await createLongLife();
});

describe('extractRevision', () => {
  it('gives back each state of the file, the bytes that were signed, for every kind of file', async () => {
    const { signer, pki } = life;
    for (const [name, source] of await allSources()) {
      const once = await signPdf(source, signer, { signedAt: AT });
      const twice = await signPdf(once, signer, { signedAt: AT });
      const { signatures } = verifyPdf(twice, { trust: pki.trust(), at: AT });
      const numbers = signatures.map(({ revision }) => revision ?? 0);
      expect({ name, numbers }).toMatchObject({ numbers: { length: 2 } });
      const [first = 0, second = 0] = numbers;
      expect(Buffer.from(extractRevision(twice, first)).equals(once)).toBe(true);
      expect(Buffer.from(extractRevision(twice, second)).equals(twice)).toBe(true);
      const original = extractRevision(twice, first - 1);
      const end = Buffer.from(source).lastIndexOf('%%EOF') + '%%EOF'.length;
      expect(Buffer.from(original.subarray(0, end)).equals(source.subarray(0, end))).toBe(true);
      // The line end after it may have been missing: it belongs to the state then.
      expect(original.length - end).toBeLessThanOrEqual(1);
    }
  });

  it('shows what was signed, not what was put over it', async () => {
    const signed = await signPdf(plainPdf(), life.signer, { signedAt: AT });
    const forged = appendRevision(signed, { 4: '<< /Length 0 >>\nstream\n\nendstream' });
    expect(Buffer.from(extractRevision(forged, 2)).equals(signed)).toBe(true);
  });

  it('refuses a revision that the file does not have', async () => {
    const signed = await signPdf(plainPdf(), life.signer, { signedAt: AT });
    for (const revision of [0, 3, 1.5, Number.NaN]) {
      expect(() => extractRevision(signed, revision)).toThrow(/the PDF has 2/);
    }
  });
});

describe('certificatesOf', () => {
  it('finds the certificates of signatures, time-stamps and the security store', async () => {
    const timeStamps = await tsaOf(life.pki, '2026-06-01');
    const names = (pdf: Uint8Array): Set<string> =>
      new Set(certificatesOf(pdf).map(({ commonName }) => commonName ?? ''));
    const { issuing, root } = life.pki;
    const stamped = await life.sign({ level: 'B-T', timeStamps });
    expect(names(stamped)).toEqual(
      new Set(['UBND xã Hải Lăng', 'TSA 2026-06-01', issuing.commonName]),
    );
    const archived = await life.sign({ level: 'B-LTA', timeStamps });
    expect(names(archived)).toEqual(new Set([...names(stamped), root.commonName]));
    expect(certificatesOf(plainPdf())).toEqual([]);
  });

  it('names those that signed before all that came along, who could be any number', async () => {
    const timeStamps = await tsaOf(life.pki, '2026-06-01');
    const archived = await life.sign({ level: 'B-LTA', timeStamps });
    const names = certificatesOf(archived).map(({ commonName }) => commonName);
    expect(names.slice(0, 2)).toEqual(['UBND xã Hải Lăng', 'TSA 2026-06-01']);
  });
});
