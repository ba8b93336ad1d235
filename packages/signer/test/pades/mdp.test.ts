import { beforeAll, describe, expect, it } from 'vitest';

import { listPdfSignatures } from '../../src/pades/extract.ts';
import { signedFields } from '../../src/pades/form.ts';
import { docMdpLevel, fieldLock } from '../../src/pades/mdp.ts';
import { signPdf } from '../../src/pades/sign.ts';
import { openPdf } from '../../src/pdf/document.ts';
import { PdfRef } from '../../src/pdf/values.ts';
import { type TestPki, type TestSigner, createTestPki } from '../../src/testing/test-pki.ts';
import { expectCades, expectValidInPdfsig, expectWellFormed } from './judges.ts';
import { allSources, drawPdf, plainPdf } from './sources.ts';

const AT = new Date('2026-11-22T02:30:05Z');
const CADES = 'ETSI.CAdES.detached';
let pki: TestPki;
let agency: TestSigner;
let person: TestSigner;

beforeAll(async () => {
  pki = await createTestPki();
  agency = await pki.issue({ commonName: 'UBND xã Hải Lăng', use: 'seal' });
  person = await pki.issue({ commonName: 'Nguyễn Thị Ánh Tuyết', use: 'person' });
});

describe('signPdf with certify', () => {
  it('certifies every kind of source, and lets others sign after it', async () => {
    for (const [name, source] of await allSources()) {
      const certified = await signPdf(source, agency, { signedAt: AT, certify: 2 });
      const signed = await signPdf(certified, person, { signedAt: AT });
      expect(Buffer.compare(signed.subarray(0, certified.length), certified)).toBe(0);
      expectValidInPdfsig(signed, [CADES, CADES]);
      expectWellFormed(signed);
      for (const signature of listPdfSignatures(signed)) expectCades(signed, signature, pki.root);
      const document = openPdf(signed);
      const [first, second] = signedFields(document).map(({ value }) => value);
      const permissions = document.dict(document.catalog().get('Perms'));
      expect({ name, value: permissions?.get('DocMDP') }).toEqual({ name, value: first });
      const [certification, approval] = [document.dict(first), document.dict(second)];
      if (certification === undefined || approval === undefined) throw new Error('no signature');
      expect(docMdpLevel(document, certification)).toBe(2);
      expect(docMdpLevel(document, approval)).toBeUndefined();
    }
  });

  it('closes a document with level 1: nobody can sign it again', async () => {
    const certified = await signPdf(plainPdf(), agency, { signedAt: AT, certify: 1 });
    expectValidInPdfsig(certified, [CADES]);
    await expect(signPdf(certified, person, { signedAt: AT })).rejects.toMatchObject({
      code: 'SIGNER_PDF_LOCKED',
    });
  });

  it('refuses to certify what is signed already', async () => {
    const signed = await signPdf(plainPdf(), agency, { signedAt: AT });
    await expect(signPdf(signed, person, { signedAt: AT, certify: 3 })).rejects.toMatchObject({
      code: 'SIGNER_INPUT_INVALID',
    });
  });
});

describe('signPdf with lockFields', () => {
  it('writes the lock into field and signature', async () => {
    const lockFields = { include: ['amount', 'Số tiền'.normalize('NFD')] };
    const signed = await signPdf(plainPdf(), agency, { signedAt: AT, lockFields });
    expectValidInPdfsig(signed, [CADES]);
    expectWellFormed(signed);
    const document = openPdf(signed);
    const [field] = signedFields(document);
    const signature = document.dict(field?.value);
    if (field === undefined || signature === undefined) throw new Error('no signature');
    expect(fieldLock(document, signature)).toEqual({ include: ['amount', 'Số tiền'] });
    expect(field.dict.get('Lock')).toBeInstanceOf(PdfRef);
    const lock = document.dict(field.dict.get('Lock'));
    expect(document.array(lock?.get('Fields'))).toHaveLength(2);
  });

  it('is honoured by the next signature', async () => {
    const source = await drawPdf({ streams: true });
    const all = await signPdf(source, agency, { signedAt: AT, lockFields: 'all' });
    await expect(signPdf(all, person, { signedAt: AT })).rejects.toMatchObject({
      code: 'SIGNER_PDF_LOCKED',
    });
    const lockFields = { exclude: ['Chữ ký'] };
    const most = await signPdf(source, agency, { signedAt: AT, lockFields });
    await expect(signPdf(most, person, { signedAt: AT })).rejects.toMatchObject({
      code: 'SIGNER_PDF_LOCKED',
    });
    const fieldName = 'Chữ ký'.normalize('NFD');
    const signed = await signPdf(most, person, { signedAt: AT, fieldName });
    expectValidInPdfsig(signed, [CADES, CADES]);
  });

  it('refuses a lock that names no field', async () => {
    const lockFields = { include: [] };
    await expect(signPdf(plainPdf(), agency, { signedAt: AT, lockFields })).rejects.toMatchObject({
      code: 'SIGNER_INPUT_INVALID',
    });
  });
});
