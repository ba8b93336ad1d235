import { signPdf } from '../../src/pades/sign.ts';
import type { PdfReport } from '../../src/pades/verify/report.ts';
import { verifyPdf } from '../../src/pades/verify.ts';
import { type TestSigner, createTestPki } from '../../src/testing/test-pki.ts';
import { OBJECTS, plainPdf } from './sources.ts';

const AT = new Date('2026-11-22T02:30:05Z');
/** Numbers that `signPdf` gives to the new objects of `plainPdf()`. */
export const SIGNATURE = 10;
export const WIDGET = 11;
const EVIL = 'BT /F1 24 Tf 60 760 Td (Cong van so 99) Tj ET';
export const EVIL_BYTES = EVIL.length;
export const EVIL_STREAM = `<< /Length ${EVIL.length} >>\nstream\n${EVIL}\nendstream`;
export const FORM = `<< /Fields [7 0 R ${WIDGET} 0 R] /SigFlags 3 >>`;

/** The catalog of `plainPdf()` with more keys. */
export const catalog = (extra: string): string => OBJECTS[1]?.replace('>>', `${extra} >>`) ?? '';
/** The page of `plainPdf()` with something replaced. */
export const page = (from: string, to: string): string => OBJECTS[3]?.replace(from, to) ?? '';

/** A signed document, and an attacker who has a good certificate too. */
export interface Victim {
  readonly source: Buffer;
  readonly signed: Buffer;
  readonly mallory: TestSigner;
  sign(pdf: Uint8Array): Promise<Buffer>;
  verify(pdf: Uint8Array): PdfReport;
}

export async function createVictim(): Promise<Victim> {
  const pki = await createTestPki();
  const signer = await pki.issue({ commonName: 'Chủ tịch UBND', use: 'person' });
  const mallory = await pki.issue({ commonName: 'Mallory', use: 'person' });
  const sign = async (pdf: Uint8Array): Promise<Buffer> =>
    Buffer.from(await signPdf(pdf, signer, { signedAt: AT }));
  const source = Buffer.from(plainPdf());
  return {
    source,
    signed: await sign(source),
    mallory,
    sign,
    verify: (pdf) => verifyPdf(pdf, { trust: pki.trust(), at: AT }),
  };
}

/** Everything a report says, in one text. */
export function textOf(report: PdfReport): string {
  const texts = report.signatures.flatMap(({ detail, changesAfter }) => [detail, ...changesAfter]);
  return [report.detail, ...texts].join('\n');
}
