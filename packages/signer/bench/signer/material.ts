import { createHash } from 'node:crypto';

import { PDFDocument, PDFName, StandardFonts } from 'pdf-lib';

import { type Appearance, prepareStamp, writePkcs12 } from '@congvan/signer';
import { type TestPki, type TestSigner, createTestPki } from '@congvan/signer/testing';

import { sealPng } from '../../test/stamp/pictures.ts';

const PDF_BYTES = 100 * 1024;
/** What OpenSSL writes into a PKCS#12 file when it is not told otherwise. */
const P12_ITERATIONS = 2_048;
export const PASSPHRASE = 'bench';

/** Keys and files that every measurement of a run shares. */
export interface Material {
  readonly pki: TestPki;
  readonly rsa: TestSigner;
  readonly ec: TestSigner;
  readonly pdf: Buffer;
  readonly p12: Buffer;
  readonly stamp: Appearance;
}

export async function makeMaterial(): Promise<Material> {
  const pki = await createTestPki({ algorithm: 'rsa-2048' });
  const rsa = await pki.issue({ commonName: 'UBND', use: 'seal', algorithm: 'rsa-2048' });
  const ec = await pki.issue({ commonName: 'UBND', use: 'seal', algorithm: 'ec-p256' });
  const p12 = writePkcs12({
    privateKey: rsa.keys.privateKey,
    certificate: rsa.certificate,
    chain: rsa.chain,
    friendlyName: 'bench',
    passphrase: PASSPHRASE,
    iterations: P12_ITERATIONS,
  });
  const agency = 'Ủy ban nhân dân xã Hải Lăng, tỉnh Quảng Trị';
  const seal = await prepareStamp({ form: 'agency', picture: sealPng(), agency });
  const stamp = seal.on({ place: { rect: [300, 100, 450, 300] } });
  return { pki, rsa, ec, pdf: await makePdf(), p12: Buffer.from(p12), stamp };
}

/** Two pages of text, and noise as a scan would have it; a table, since others read nothing else. */
async function makePdf(): Promise<Buffer> {
  const document = await PDFDocument.create();
  const font = await document.embedFont(StandardFonts.TimesRoman);
  for (let page = 0; page < 2; page += 1) {
    const lines = Array.from({ length: 40 }, (_, i) => `Cong van so ${i}/UBND-VP`).join('\n');
    document.addPage([595, 842]).drawText(lines, { x: 72, y: 760, size: 13, font });
  }
  const plain = (await document.save({ useObjectStreams: false })).length;
  const noise = Buffer.alloc(PDF_BYTES - plain - 200);
  for (let offset = 0; offset < noise.length; offset += 32) {
    createHash('sha256').update(String(offset)).digest().copy(noise, offset);
  }
  const stream = document.context.register(document.context.stream(noise));
  document.catalog.set(PDFName.of('BenchNoise'), stream);
  return Buffer.from(await document.save({ useObjectStreams: false }));
}
