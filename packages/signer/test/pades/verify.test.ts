import { beforeAll, describe, expect, it } from 'vitest';

import { signPdf } from '../../src/pades/sign.ts';
import type { PdfReport } from '../../src/pades/verify/report.ts';
import { verifyPdf } from '../../src/pades/verify.ts';
import { createTrustStore } from '../../src/path/trust-store.ts';
import { type TestPki, type TestSigner, createTestPki } from '../../src/testing/test-pki.ts';
import { appendRevision, signByHand } from './revision.ts';
import { OBJECTS, drawPdf, plainPdf } from './sources.ts';

const AT = new Date('2026-11-22T02:30:05Z');
let pki: TestPki;
let person: TestSigner;
let agency: TestSigner;
let signed: Uint8Array;

beforeAll(async () => {
  pki = await createTestPki();
  person = await pki.issue({ commonName: 'Nguyễn Văn Ánh', use: 'person' });
  agency = await pki.issue({ commonName: 'UBND xã Gio Linh', use: 'seal', algorithm: 'ec-p256' });
  signed = await signPdf(plainPdf(), person, { signedAt: AT });
});

function verify(pdf: Uint8Array, trust = pki.trust(), at = AT): PdfReport {
  return verifyPdf(pdf, { trust, at });
}

describe('verifyPdf', () => {
  it('reports a file without signatures as such', async () => {
    for (const pdf of [plainPdf(), await drawPdf({ streams: true })]) {
      expect(verify(pdf)).toMatchObject({
        indication: 'INDETERMINATE',
        subIndication: 'NO_SIGNATURE',
        signatures: [],
      });
    }
  });

  it('says who signed, when, what is covered and what came after', async () => {
    const twice = await signPdf(signed, agency, { signedAt: new Date('2026-11-23T00:00:00Z') });
    expect(verify(twice)).toMatchObject({
      indication: 'TOTAL-PASSED',
      subIndication: null,
      signatures: [
        {
          fieldName: 'Signature1',
          signerText: 'CN=Nguyễn Văn Ánh, C=VN',
          certificateSha256: person.certificate.sha256,
          claimedAt: AT,
          coversWholeFile: false,
          revision: 2,
          revisionBytes: signed.length,
          changesAfter: ['signature "Signature2" was added'],
        },
        {
          fieldName: 'Signature2',
          certificateSha256: agency.certificate.sha256,
          claimedAt: new Date('2026-11-23T00:00:00Z'),
          coversWholeFile: true,
          revision: 3,
          revisionBytes: twice.length,
          changesAfter: [],
        },
      ],
    });
  });

  it('judges the certificate at the validation time, not at the claimed one', async () => {
    const short = await pki.issue({
      commonName: 'Hết hạn',
      use: 'person',
      notBefore: new Date('2026-01-01T00:00:00Z'),
      notAfter: new Date('2026-12-31T00:00:00Z'),
    });
    const pdf = await signPdf(plainPdf(), short, { signedAt: AT });
    expect(verify(pdf).indication).toBe('TOTAL-PASSED');
    const late = verify(pdf, pki.trust(), new Date('2027-06-01T00:00:00Z'));
    expect(late.indication).not.toBe('TOTAL-PASSED');
    expect(late.signatures[0]?.certificateSha256).toBe(short.certificate.sha256);
  });

  it('does not trust an unknown authority, nor a revoked certificate without a proven time', async () => {
    const other = await createTestPki();
    const trust = createTrustStore({ anchors: [other.root], crls: [] });
    expect(verify(signed, trust)).toMatchObject({
      indication: 'INDETERMINATE',
      subIndication: 'NO_CERTIFICATE_CHAIN_FOUND',
    });
    const own = await createTestPki();
    const revoked = await own.issue({ commonName: 'Thu hồi', use: 'person' });
    const pdf = await signPdf(plainPdf(), revoked, { signedAt: AT });
    await own.revoke(revoked.certificate);
    expect(verify(pdf, own.trust())).toMatchObject({
      indication: 'INDETERMINATE',
      subIndication: 'REVOKED_NO_POE',
    });
  });

  it('keeps a good signature good when a stranger signs after it, but not the file', async () => {
    const stranger = await (await createTestPki()).issue({ commonName: 'Ai đó', use: 'person' });
    const report = verify(await signPdf(signed, stranger, { signedAt: AT }));
    expect(report.indication).toBe('INDETERMINATE');
    expect(report.signatures.map(({ indication }) => indication)).toEqual([
      'TOTAL-PASSED',
      'INDETERMINATE',
    ]);
  });

  it('accepts a small visible signature of another program', async () => {
    const pdf = await signByHand(signed, agency, { rect: '[400 80 560 160]' });
    expect(verify(pdf)).toMatchObject({ indication: 'TOTAL-PASSED' });
  });

  it('fails a certified document that is signed again against its DocMDP', async () => {
    const docMdp = (level: number): string =>
      `/Reference [<< /Type /SigRef /TransformMethod /DocMDP /TransformParams << /Type /TransformParams /P ${level} /V /1.2 >> >>]`;
    for (const [level, indication] of [
      [1, 'TOTAL-FAILED'],
      [2, 'TOTAL-PASSED'],
    ] as const) {
      const certified = await signByHand(plainPdf(), person, { signatureExtra: docMdp(level) });
      expect(verify(certified).indication).toBe('TOTAL-PASSED');
      const again = await signByHand(certified, agency, { first: 70 });
      expect(verify(again).indication).toBe(indication);
    }
  });
});

describe('verifyPdf accepts, and mentions, what other programs add after a signature', () => {
  it.each([
    [
      'validation data',
      {
        1: `${OBJECTS[1]?.slice(0, -2)} /DSS 40 0 R >>`,
        40: '<< /Type /DSS /Certs [41 0 R] >>',
        41: '<< /Length 2 >>\nstream\nab\nendstream',
      },
      /DSS/,
    ],
    [
      'metadata',
      {
        1: `${OBJECTS[1]?.slice(0, -2)} /Metadata 41 0 R >>`,
        41: '<< /Length 2 >>\nstream\nab\nendstream',
      },
      /Metadata/,
    ],
    [
      'developer extensions and a version',
      { 1: `${OBJECTS[1]?.slice(0, -2)} /Version /2.0 /Extensions << >> >>` },
      /Version/,
    ],
    [
      'the time a page was changed',
      { 3: `${OBJECTS[3]?.slice(0, -2)} /LastModified (D:2026) >>` },
      /LastModified/,
    ],
    ['the same object once more', { 4: OBJECTS[4] ?? '' }, /^$/],
  ])('%s', (_name, objects, note) => {
    const report = verify(appendRevision(signed, objects));
    expect(report).toMatchObject({ indication: 'TOTAL-PASSED' });
    const [signature] = report.signatures;
    expect(signature?.coversWholeFile).toBe(false);
    expect(signature?.changesAfter.join('\n')).toMatch(note);
  });

  it('default appearances of the form, unless a field may look different by them', async () => {
    const form = (fields: string): Record<number, string> => ({
      6: `<< /Fields [${fields}] /SigFlags 3 /DA (/Helv 0 Tf) /DR << >> >>`,
    });
    const plain = await signPdf(plainPdf({ 6: '<< /Fields [] >>' }), person, { signedAt: AT });
    const report = verify(appendRevision(plain, form('11 0 R')));
    expect(report).toMatchObject({ indication: 'TOTAL-PASSED' });
    expect(report.signatures[0]?.changesAfter.join('\n')).toMatch(/\/DA was added/);
    expect(verify(appendRevision(signed, form('7 0 R 11 0 R')))).toMatchObject({
      indication: 'INDETERMINATE',
      subIndication: 'SIG_CONSTRAINTS_FAILURE',
    });
  });

  it('validation data that grow', () => {
    const store = {
      1: `${OBJECTS[1]?.slice(0, -2)} /DSS 40 0 R >>`,
      40: '<< /Certs 42 0 R >>',
      41: '<< /Length 2 >>\nstream\nab\nendstream',
      42: '[41 0 R]',
    };
    const once = appendRevision(signed, store);
    const twice = appendRevision(once, { 42: '[41 0 R 43 0 R]', 43: store[41] });
    expect(verify(twice).indication).toBe('TOTAL-PASSED');
  });

  it('document information', () => {
    const pdf = appendRevision(
      signed,
      { 40: '<< /ModDate (D:2026) >>' },
      { trailer: '/Info 40 0 R' },
    );
    expect(verify(pdf).signatures[0]?.changesAfter).toEqual([
      'document information (/Info) was changed',
    ]);
  });

  it('white space at the end', () => {
    const pdf = Buffer.concat([signed, Buffer.from('\r\n  \0\0\n')]);
    expect(verify(pdf)).toMatchObject({
      indication: 'TOTAL-PASSED',
      signatures: [{ coversWholeFile: false }],
    });
  });
});
