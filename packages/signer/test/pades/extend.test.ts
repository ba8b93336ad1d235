import { beforeAll, describe, expect, it } from 'vitest';

import { readDss } from '../../src/pades/dss.ts';
import { extendPdf } from '../../src/pades/extend.ts';
import { type ExtractedSignature, listPdfSignatures } from '../../src/pades/extract.ts';
import type { ValidationDataSource } from '../../src/pades/level.ts';
import { signPdf } from '../../src/pades/sign.ts';
import { verifyPdf } from '../../src/pades/verify.ts';
import { openPdf } from '../../src/pdf/document.ts';
import { type TestPki, type TestSigner, createTestPki } from '../../src/testing/test-pki.ts';
import { createTimeStampAuthority } from '../../src/tsp/authority.ts';
import type { TimeStampSource } from '../../src/tsp/source.ts';
import {
  TIME_STAMP,
  coveredBytes,
  expectCades,
  expectToken,
  expectValidInPdfsig,
  expectWellFormed,
} from './judges.ts';
import { replaceText, signByHand } from './revision.ts';
import { OBJECTS, allSources, drawPdf, hybridPdf, plainPdf } from './sources.ts';
import { rewriteWithQpdf } from './tools.ts';

const AT = new Date('2026-11-22T02:30:05Z');
const CADES = 'ETSI.CAdES.detached';
let pki: TestPki;
let agency: TestSigner;
let person: TestSigner;
let timeStamps: TimeStampSource;
let validationData: ValidationDataSource;

beforeAll(async () => {
  pki = await createTestPki();
  agency = await pki.issue({ commonName: 'UBND xã Hải Lăng', use: 'seal' });
  person = await pki.issue({ commonName: 'Nguyễn Thị Ánh Tuyết', use: 'person' });
  timeStamps = await createSource('TSA tỉnh Quảng Trị');
  validationData = (certificates) =>
    Promise.resolve({
      certificates: [...certificates, pki.issuing, pki.root],
      crls: [pki.rootCrl(), pki.crl()],
      ocsps: [],
    });
});

async function createSource(commonName: string): Promise<TimeStampSource> {
  const signer = await pki.issue({ commonName, use: 'tsa' });
  return createTimeStampAuthority({ signer, policy: '1.2.3.4', now: () => AT }).source;
}

/** Document time-stamps, oldest first. */
function documentTimeStamps(pdf: Uint8Array): ExtractedSignature[] {
  return listPdfSignatures(pdf)
    .filter(({ fieldName }) => fieldName.startsWith('DocTimeStamp'))
    .toSorted((a, b) => a.byteRange[2] - b.byteRange[2]);
}

function expectPrefix(whole: Uint8Array, prefix: Uint8Array): void {
  expect(whole.length).toBeGreaterThan(prefix.length);
  expect(Buffer.compare(whole.subarray(0, prefix.length), prefix)).toBe(0);
}

function expectTokens(pdf: Uint8Array, count: number): void {
  const stamps = documentTimeStamps(pdf);
  expect(stamps).toHaveLength(count);
  for (const stamp of stamps) expectToken(stamp.cms, coveredBytes(pdf, stamp), pki.root);
}

describe('extendPdf', () => {
  it('takes a signature from B-B through every level, and renews the archive time-stamp', async () => {
    for (const source of [plainPdf(), await drawPdf({ streams: true }), hybridPdf()]) {
      const basic = await signPdf(source, agency, { signedAt: AT });
      const stamped = await extendPdf(basic, { to: 'B-T', timeStamps });
      expectPrefix(stamped, basic);
      expectTokens(stamped, 1);
      const longTerm = await extendPdf(stamped, { to: 'B-LT', validationData });
      expectPrefix(longTerm, stamped);
      expectTokens(longTerm, 1);
      const archived = await extendPdf(longTerm, { to: 'B-LTA', timeStamps, validationData });
      expectPrefix(archived, longTerm);
      expectTokens(archived, 2);
      const later = await createSource('TSA mới');
      const renewed = await extendPdf(archived, {
        to: 'B-LTA',
        timeStamps: later,
        validationData,
      });
      expectPrefix(renewed, archived);
      expectTokens(renewed, 3);
      expectValidInPdfsig(renewed, [CADES, TIME_STAMP, TIME_STAMP, TIME_STAMP]);
      expectWellFormed(renewed);
      expectCades(renewed, listPdfSignatures(renewed)[0], pki.root);
      for (const [pdf, level] of [
        [basic, 'B-B'],
        [stamped, 'B-T'],
        [longTerm, 'B-LT'],
        [archived, 'B-LTA'],
        [renewed, 'B-LTA'],
      ] as const) {
        const report = verifyPdf(pdf, { trust: pki.trust(), at: AT });
        expect(report.indication).toBe('TOTAL-PASSED');
        expect(report.signatures[0]?.level).toBe(level);
      }
    }
  });

  it('adds no time-stamp to a file whose signatures have one', async () => {
    const stamped = await signPdf(plainPdf(), agency, { signedAt: AT, timeStamps });
    expect(await extendPdf(stamped, { to: 'B-T', timeStamps })).toBe(stamped);
    const longTerm = await extendPdf(stamped, { to: 'B-LT', validationData });
    expect(documentTimeStamps(longTerm)).toHaveLength(0);
    expect(readDss(openPdf(longTerm)).certificates).toHaveLength(4);
  });

  it('stamps again when somebody signed after the last time-stamp', async () => {
    const stamped = await signPdf(plainPdf(), agency, { signedAt: AT, timeStamps });
    const signed = await signPdf(stamped, person, { signedAt: AT });
    const extended = await extendPdf(signed, { to: 'B-T', timeStamps });
    expectTokens(extended, 1);
    expectValidInPdfsig(extended, [CADES, CADES, TIME_STAMP]);
  });

  it('keeps the data of the time-stamp before when it renews', async () => {
    const archived = await signPdf(plainPdf(), agency, {
      signedAt: AT,
      level: 'B-LTA',
      timeStamps: await createSource('TSA cũ'),
      validationData,
    });
    const names = (pdf: Uint8Array): (string | undefined)[] =>
      readDss(openPdf(pdf)).certificates.map(({ commonName }) => commonName);
    const renewed = await extendPdf(archived, { to: 'B-LTA', timeStamps, validationData });
    expect(names(renewed)).toContain('TSA cũ');
    const document = openPdf(renewed);
    const store = document.dict(document.catalog().get('DSS'));
    expect(document.dict(store?.get('VRI'))?.entries.size).toBe(2);
  });

  it('extends what others signed, and what may not be signed again', async () => {
    const foreign = await signByHand(plainPdf(), person);
    const closed = await signPdf(plainPdf(), agency, { signedAt: AT, certify: 1 });
    const page = OBJECTS[3]?.replace('/Parent', '/AA << /O << /S /JavaScript >> >> /Parent') ?? '';
    const active = await signByHand(plainPdf({ 3: page }), person);
    await expect(signPdf(active, agency, { signedAt: AT })).rejects.toMatchObject({
      code: 'SIGNER_PDF_ACTIVE_CONTENT',
    });
    for (const signed of [foreign, closed, active]) {
      const extended = await extendPdf(signed, { to: 'B-LTA', timeStamps, validationData });
      expectPrefix(extended, signed);
      expectTokens(extended, 2);
      expectValidInPdfsig(extended, [CADES, TIME_STAMP, TIME_STAMP]);
      expectWellFormed(extended);
    }
  });

  it('leaves every kind of source well-formed', async () => {
    for (const [name, source] of await allSources()) {
      const signed = await signPdf(source, person, { signedAt: AT });
      const extended = await extendPdf(signed, { to: 'B-LTA', timeStamps, validationData });
      expectPrefix(extended, signed);
      expectWellFormed(extended);
      expect({ name, count: documentTimeStamps(extended).length }).toEqual({ name, count: 2 });
    }
  });
});

describe('extendPdf refuses', () => {
  it('a file without signature', async () => {
    await expect(extendPdf(plainPdf(), { to: 'B-T', timeStamps })).rejects.toMatchObject({
      code: 'SIGNER_PDF_NO_SIGNATURE',
    });
  });

  it('a file that was changed after it was signed', async () => {
    const signed = await signPdf(plainPdf(), agency, { signedAt: AT });
    const changed = replaceText(signed, 'so 12', 'so 99');
    await expect(extendPdf(changed, { to: 'B-T', timeStamps })).rejects.toMatchObject({
      code: 'SIGNER_PDF_TAMPERED',
      details: { fieldName: 'Signature1' },
    });
  });

  it('an encrypted file', async () => {
    const encrypted = rewriteWithQpdf(plainPdf(), '--encrypt', 'a', 'b', '256', '--');
    await expect(extendPdf(encrypted, { to: 'B-T', timeStamps })).rejects.toMatchObject({
      code: 'SIGNER_PDF_ENCRYPTED',
    });
  });

  it('a level whose sources are not given', async () => {
    const signed = await signPdf(plainPdf(), agency, { signedAt: AT });
    for (const options of [
      { to: 'B-T' },
      { to: 'B-LT', timeStamps },
      { to: 'B-LT', validationData },
    ] as const) {
      await expect(extendPdf(signed, options)).rejects.toMatchObject({
        code: 'SIGNER_INPUT_INVALID',
      });
    }
  });

  it('B-LT without revocation data, and names the certificate', async () => {
    const signed = await signPdf(plainPdf(), person, { signedAt: AT });
    const nothing: ValidationDataSource = (certificates) =>
      Promise.resolve({ certificates, crls: [pki.rootCrl()], ocsps: [] });
    await expect(
      extendPdf(signed, { to: 'B-LT', timeStamps, validationData: nothing }),
    ).rejects.toMatchObject({ code: 'SIGNER_REVOCATION_MISSING' });
  });
});
