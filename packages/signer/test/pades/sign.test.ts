import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';

import { listPdfSignatures } from '../../src/pades/extract.ts';
import { signPdf } from '../../src/pades/sign.ts';
import { verifyPdf } from '../../src/pades/verify.ts';
import { encodePem } from '../../src/x509/pem.ts';
import { type TestPki, type TestSigner, createTestPki } from '../../src/testing/test-pki.ts';
import { allSources, drawPdf, plainPdf } from './sources.ts';
import { runTool } from './tools.ts';

const AT = new Date('2026-11-22T02:30:05Z');
let pki: TestPki;
let person: TestSigner;
let agency: TestSigner;
let sources: [name: string, pdf: Uint8Array][];

beforeAll(async () => {
  pki = await createTestPki();
  person = await pki.issue({ commonName: 'Nguyễn Thị Ánh Tuyết', use: 'person' });
  agency = await pki.issue({ commonName: 'UBND xã Hải Lăng', use: 'seal', algorithm: 'rsa-2048' });
  sources = await allSources();
});

function expectJudgesToAccept(pdf: Uint8Array, signatureCount: number): void {
  const report = runTool('pdfsig', ['-nocert', 'a.pdf'], { 'a.pdf': pdf }).output;
  expect(report.match(/Signature is Valid/g)).toHaveLength(signatureCount);
  expect(report.match(/ETSI\.CAdES\.detached/g)).toHaveLength(signatureCount);
  // Only the newest signature covers all of the file.
  expect(report.match(/ Total document signed/g)).toHaveLength(1);
  expect(report.trimEnd()).toMatch(/Total document signed\s+- Signature Validation: [^\n]+$/);
}

describe('signPdf', () => {
  it('signs every kind of source twice, and all judges accept both signatures', async () => {
    for (const [name, source] of sources) {
      const once = await signPdf(source, person, { signedAt: AT, reason: 'Phê duyệt' });
      const twice = await signPdf(once, agency, { signedAt: AT, location: 'Quảng Trị' });
      for (const [signed, count] of [
        [once, 1],
        [twice, 2],
      ] as const) {
        expectJudgesToAccept(signed, count);
        const before = runTool('qpdf', ['--check', 'a.pdf'], { 'a.pdf': source });
        const after = runTool('qpdf', ['--check', 'a.pdf'], { 'a.pdf': signed });
        expect({ name, ...after }).toMatchObject({ name, status: before.status });
        const report = verifyPdf(signed, { trust: pki.trust(), at: AT });
        expect({ name, ...report }).toMatchObject({ name, indication: 'TOTAL-PASSED' });
        expect(report.signatures).toHaveLength(count);
      }
      expect(Buffer.compare(once.subarray(0, source.length), source)).toBe(0);
      expect(Buffer.compare(twice.subarray(0, once.length), once)).toBe(0);
    }
  });

  it('makes CAdES messages that openssl verifies over the byte range', async () => {
    const signed = await signPdf(plainPdf(), agency, { signedAt: AT });
    const [found] = listPdfSignatures(signed);
    if (found === undefined) throw new Error('no signature found');
    const [start1, length1, start2, length2] = found.byteRange;
    const content = Buffer.concat([
      signed.subarray(start1, start1 + length1),
      signed.subarray(start2, start2 + length2),
    ]);
    const files = {
      'a.p7s': found.cms,
      'content.bin': content,
      'root.pem': Buffer.from(encodePem('CERTIFICATE', pki.root.der)),
    };
    const args = 'cms -verify -cades -binary -inform DER -in a.p7s -content content.bin';
    const trust = '-CAfile root.pem -purpose any -out out.bin';
    const result = runTool('openssl', `${args} ${trust}`.split(' '), files);
    expect(result.output).toContain('CAdES Verification successful');
    expect(result.status).toBe(0);
  });

  it.each(['ec-p256', 'ec-p384', 'ed25519', 'rsa-3072'] as const)(
    'signs with a key of type %s',
    async (algorithm) => {
      const signer = await pki.issue({ commonName: 'Khóa', use: 'person', algorithm });
      const signed = await signPdf(plainPdf(), signer, { signedAt: AT });
      const report = verifyPdf(signed, { trust: pki.trust(), at: AT });
      expect(report).toMatchObject({ indication: 'TOTAL-PASSED' });
      expect(report.signatures[0]?.certificateSha256).toBe(signer.certificate.sha256);
    },
  );

  it('keeps Vietnamese text whether it comes composed or decomposed', async () => {
    const reason = 'Phê duyệt văn bản số 12/QĐ-UBND: “đồng ý”, ký tên ễ ộ ữ 😀';
    for (const form of ['NFC', 'NFD'] as const) {
      const signed = await signPdf(plainPdf(), person, {
        signedAt: AT,
        reason: reason.normalize(form),
        location: 'Đông Hà'.normalize(form),
      });
      const [signature] = verifyPdf(signed, { trust: pki.trust(), at: AT }).signatures;
      expect(signature).toMatchObject({
        reason: reason.normalize('NFC'),
        location: 'Đông Hà',
        signerText: 'CN=Nguyễn Thị Ánh Tuyết, C=VN',
      });
    }
  });

  it('signs under issuer and subject names in either form, and outside judges read them', async () => {
    for (const form of ['NFC', 'NFD'] as const) {
      const commonName = 'Đặng Hữu Nghị Thạch Hãn'.normalize(form);
      const organization = 'Ủy ban nhân dân xã Triệu Phong'.normalize(form);
      const signer = await pki.issue({ commonName, organization, use: 'seal' });
      const signed = await signPdf(plainPdf(), signer, {
        signedAt: AT,
        fieldName: 'Chữ ký cơ quan'.normalize(form),
        contactInfo: 'Văn thư'.normalize(form),
      });
      expectJudgesToAccept(signed, 1);
      const report = runTool('pdfsig', ['a.pdf'], { 'a.pdf': signed }).output.normalize('NFC');
      expect(report).toContain('Đặng Hữu Nghị Thạch Hãn');
      const [signature] = verifyPdf(signed, { trust: pki.trust(), at: AT }).signatures;
      expect(signature).toMatchObject({ indication: 'TOTAL-PASSED', fieldName: 'Chữ ký cơ quan' });
      const name = Buffer.from('Đặng Hữu Nghị Thạch Hãn', 'utf16le').swap16().toString('hex');
      expect(Buffer.from(signed).toString('latin1')).toContain(`/Name <feff${name}>`);
    }
  });

  it('writes the claimed time with the offset of Viet Nam', async () => {
    const signed = Buffer.from(await signPdf(plainPdf(), person, { signedAt: AT }));
    expect(signed.includes("/M (D:20261122093005+07'00')")).toBe(true);
    const [signature] = verifyPdf(signed, { trust: pki.trust(), at: AT }).signatures;
    expect(signature?.claimedAt).toEqual(AT);
  });

  it('names fields uniquely and refuses a name that is taken', async () => {
    const once = await signPdf(plainPdf(), person, { signedAt: AT, fieldName: 'Chữ ký' });
    const twice = await signPdf(once, person, { signedAt: AT });
    const thrice = await signPdf(twice, person, { signedAt: AT });
    const names = listPdfSignatures(thrice).map(({ fieldName }) => fieldName);
    expect(names).toEqual(['Chữ ký', 'Signature1', 'Signature2']);
    for (const fieldName of ['Chữ ký'.normalize('NFD'), 'amount', 'Signature2']) {
      await expect(signPdf(thrice, person, { signedAt: AT, fieldName })).rejects.toMatchObject({
        code: 'SIGNER_PDF_FIELD_EXISTS',
      });
    }
    await expect(
      signPdf(plainPdf(), person, { signedAt: AT, fieldName: 'a.b' }),
    ).rejects.toMatchObject({ code: 'SIGNER_INPUT_INVALID' });
  });

  it('keeps ten signatures valid at once', async () => {
    let pdf = await drawPdf({ streams: true });
    for (let i = 0; i < 10; i++)
      pdf = await signPdf(pdf, i % 2 ? person : agency, { signedAt: AT });
    const report = verifyPdf(pdf, { trust: pki.trust(), at: AT });
    expect(report.indication).toBe('TOTAL-PASSED');
    expect(report.signatures.map(({ revision }) => revision)).toEqual(
      Array.from({ length: 10 }, (_, i) => i + 2),
    );
    expect(report.signatures.map(({ coversWholeFile }) => coversWholeFile)).toEqual([
      ...Array.from({ length: 9 }, () => false),
      true,
    ]);
  });

  it('never changes a byte of its input, whatever the options', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...sources.map(([, pdf]) => pdf)),
        fc.string({ unit: 'binary', maxLength: 200 }),
        fc.string({ unit: 'grapheme', maxLength: 50 }),
        fc.date({ min: new Date('2000-01-01'), max: new Date('2100-01-01'), noInvalidDate: true }),
        async (source, reason, contactInfo, signedAt) => {
          const copy = Uint8Array.from(source);
          const signed = await signPdf(source, person, { signedAt, reason, contactInfo });
          expect(Buffer.compare(source, copy)).toBe(0);
          expect(Buffer.compare(signed.subarray(0, source.length), source)).toBe(0);
          const report = verifyPdf(signed, { trust: pki.trust(), at: AT });
          expect(report.indication).toBe('TOTAL-PASSED');
          const expected = reason === '' ? null : reason.normalize('NFC').toWellFormed();
          expect(report.signatures[0]?.reason).toBe(expected);
        },
      ),
      { numRuns: 60 },
    );
  });
});
