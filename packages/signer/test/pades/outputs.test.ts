import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';

import { readSignedData } from '../../src/cms/signed-data.ts';
import { OID } from '../../src/der/index.ts';
import { type Signer, createKeySigner } from '../../src/keys/signer.ts';
import { type ExtractedSignature, listPdfSignatures } from '../../src/pades/extract.ts';
import type { ValidationDataSource } from '../../src/pades/level.ts';
import { type SignPdfOptions, signPdf } from '../../src/pades/sign.ts';
import { verifyPdf } from '../../src/pades/verify.ts';
import { type TestPki, createTestPki } from '../../src/testing/test-pki.ts';
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
import { archivalPdf, drawPdf, hybridPdf, largePdf } from './sources.ts';
import { rewriteWithQpdf } from './tools.ts';

const AT = new Date('2026-11-22T02:30:05Z');
const CADES = 'ETSI.CAdES.detached';
const table = (): Promise<Uint8Array> => drawPdf({ streams: false });

/** Every kind of file the outputs must be right for. */
const SOURCES: Readonly<Record<string, () => Promise<Uint8Array>>> = {
  'a cross-reference table': table,
  'object streams': () => drawPdf({ streams: true }),
  'a hybrid': () => Promise.resolve(hybridPdf()),
  'a linearized file': async () => rewriteWithQpdf(await table(), '--linearize'),
  'a linearized file with object streams': async () =>
    rewriteWithQpdf(await table(), '--linearize', '--object-streams=generate'),
  'PDF/A': archivalPdf,
  '10 MB': () => Promise.resolve(largePdf(10_000_000)),
  '1,000 pages': () => drawPdf({ streams: true, pages: 1000 }),
};

let pki: TestPki;
let signers: readonly Signer[];
let timeStamps: TimeStampSource;
let validationData: ValidationDataSource;

beforeAll(async () => {
  pki = await createTestPki();
  const rsa = await pki.issue({ commonName: 'UBND tỉnh Quảng Trị', use: 'seal' });
  const ec = await pki.issue({ commonName: 'Nguyễn Thị Ánh Tuyết', use: 'person' });
  const other = await pki.issue({ commonName: 'Sở Nội vụ', use: 'seal' });
  const { certificate, chain, keys } = other;
  const { privateKey } = keys;
  const pss = createKeySigner({ privateKey, certificate, chain, algorithm: 'rsa-pss-sha256' });
  signers = [rsa, ec, pss];
  const tsa = await pki.issue({ commonName: 'TSA tỉnh Quảng Trị', use: 'tsa' });
  timeStamps = createTimeStampAuthority({ signer: tsa, policy: '1.2.3.4', now: () => AT }).source;
  validationData = (certificates) =>
    Promise.resolve({
      certificates: [...certificates, pki.issuing, pki.root],
      crls: [pki.rootCrl(), pki.crl()],
      ocsps: [],
    });
});

function signerAt(index: number): Signer {
  const signer = signers[index];
  if (signer === undefined) throw new Error(`no signer ${index}`);
  return signer;
}

async function signThrice(source: Uint8Array, first: Partial<SignPdfOptions>): Promise<Uint8Array> {
  let pdf = source;
  for (const [index, signer] of signers.entries()) {
    const options = index === 0 ? first : {};
    const signed = await signPdf(pdf, signer, { signedAt: AT, reason: 'Phê duyệt', ...options });
    expect(Buffer.compare(signed.subarray(0, pdf.length), pdf)).toBe(0);
    pdf = signed;
  }
  return pdf;
}

function expectArchive(pdf: Uint8Array, [signature, stamp]: readonly ExtractedSignature[]): void {
  if (signature === undefined || stamp === undefined) throw new Error('signatures are missing');
  const { unsignedAttributes, signature: value } = readSignedData(signature.cms).signerInfo;
  const [token] = unsignedAttributes.get(OID.signatureTimeStampToken) ?? [];
  expectToken(token ?? new Uint8Array(), value, pki.root);
  expectToken(stamp.cms, coveredBytes(pdf, stamp), pki.root);
}

describe('what signPdf makes', () => {
  it.each(Object.keys(SOURCES))('is right for every judge: %s', async (name) => {
    const source = (await SOURCES[name]?.()) ?? new Uint8Array();
    const certify = name === 'a cross-reference table' ? { certify: 2 as const } : {};
    const signed = await signThrice(source, certify);
    expectValidInPdfsig(signed, [CADES, CADES, CADES]);
    expectWellFormed(signed);
    for (const signature of listPdfSignatures(signed)) expectCades(signed, signature, pki.root);

    const options = { signedAt: AT, level: 'B-LTA', timeStamps, validationData } as const;
    const archived = await signPdf(source, signerAt(0), options);
    expect(Buffer.compare(archived.subarray(0, source.length), source)).toBe(0);
    expectValidInPdfsig(archived, [CADES, TIME_STAMP]);
    expectWellFormed(archived);
    const signatures = listPdfSignatures(archived);
    expectCades(archived, signatures[0], pki.root);
    expectArchive(archived, signatures);
    for (const pdf of [signed, archived]) {
      const report = verifyPdf(pdf, { trust: pki.trust(), at: AT });
      expect(report).toMatchObject({ indication: 'TOTAL-PASSED' });
    }
  });

  const soffice = spawnSync('soffice', ['--version']).error === undefined;
  it.skipIf(!soffice)('is right for a file of LibreOffice (needs soffice)', async () => {
    const source = exportWithLibreOffice('Công văn số 12: kính gửi các đơn vị');
    const signed = await signThrice(source, {});
    expectValidInPdfsig(signed, [CADES, CADES, CADES]);
    expectWellFormed(signed);
    for (const signature of listPdfSignatures(signed)) expectCades(signed, signature, pki.root);
  });

  it('begins with the exact input at every level, whatever the options', async () => {
    const small = Object.values(SOURCES).slice(0, 6);
    const sources = await Promise.all(small.map((make) => make()));
    const ec = signerAt(1);
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...sources),
        fc.constantFrom('B-B', 'B-T', 'B-LT', 'B-LTA' as const),
        fc.constantFrom(undefined, 1, 2, 3 as const),
        fc.string({ unit: 'grapheme', maxLength: 40 }),
        async (source, level, certify, reason) => {
          const options: SignPdfOptions = {
            signedAt: AT,
            level,
            reason,
            timeStamps,
            validationData,
            ...(certify === undefined ? {} : { certify }),
          };
          const copy = Uint8Array.from(source);
          const signed = await signPdf(source, ec, options);
          expect(Buffer.compare(source, copy)).toBe(0);
          expect(signed.length).toBeGreaterThan(source.length);
          expect(Buffer.compare(signed.subarray(0, source.length), source)).toBe(0);
          const count = level === 'B-LTA' ? 2 : 1;
          expect(listPdfSignatures(signed)).toHaveLength(count);
        },
      ),
      { numRuns: 60 },
    );
  });
});

function exportWithLibreOffice(text: string): Uint8Array {
  const folder = mkdtempSync(path.join(tmpdir(), 'congvan-office-'));
  try {
    writeFileSync(path.join(folder, 'a.txt'), text);
    const profile = `-env:UserInstallation=file://${folder}/profile`;
    const args = [profile, '--headless', '--convert-to', 'pdf', '--outdir', folder, 'a.txt'];
    const result = spawnSync('soffice', args, { cwd: folder });
    if (result.status !== 0) throw new Error(String(result.stderr));
    return readFileSync(path.join(folder, 'a.pdf'));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
