import { signPdf } from '../../src/pades/sign.ts';
import type { PdfReport } from '../../src/pades/verify/report.ts';
import { verifyPdf } from '../../src/pades/verify.ts';
import { type TestPki, type TestSigner, createTestPki } from '../../src/testing/test-pki.ts';
import { createTimeStampAuthority } from '../../src/tsp/authority.ts';
import type { TimeStampSource } from '../../src/tsp/source.ts';
import { POLICY } from '../support/odd-token.ts';
import { OBJECTS, plainPdf } from './sources.ts';

export const AT = new Date('2026-11-22T02:30:05Z');
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

/** A signed document, and attackers: one has a good certificate, one a stolen key, one a CA of his own. */
export interface Victim {
  readonly pki: TestPki;
  /** A CA with the same names as the real one. */
  readonly hostile: TestPki;
  readonly source: Buffer;
  readonly signed: Buffer;
  /** Who signed. */
  readonly signer: TestSigner;
  readonly mallory: TestSigner;
  /** Revoked since before the signature. */
  readonly stolen: TestSigner;
  /** The time-stamping authority that is trusted. */
  readonly tsa: TimeStampSource;
  readonly tsaSigner: TestSigner;
  sign(pdf: Uint8Array, signer?: TestSigner): Promise<Buffer>;
  verify(pdf: Uint8Array): PdfReport;
}

export async function createVictim(): Promise<Victim> {
  const [pki, hostile] = [await createTestPki(), await createTestPki()];
  const signer = await pki.issue({ commonName: 'Chủ tịch UBND', use: 'person' });
  const mallory = await pki.issue({ commonName: 'Mallory', use: 'person' });
  const stolen = await pki.issue({ commonName: 'Con dấu bị mất', use: 'person' });
  await pki.revoke(stolen.certificate, { at: new Date('2026-10-01T00:00:00Z') });
  const tsaSigner = await pki.issue({ commonName: 'TSA', use: 'tsa' });
  const tsa = createTimeStampAuthority({ signer: tsaSigner, policy: POLICY, now: () => AT }).source;
  const sign = async (pdf: Uint8Array, by = signer): Promise<Buffer> =>
    Buffer.from(await signPdf(pdf, by, { signedAt: AT }));
  const source = Buffer.from(plainPdf());
  return {
    pki,
    hostile,
    source,
    signed: await sign(source),
    signer,
    mallory,
    stolen,
    tsa,
    tsaSigner,
    sign,
    verify: (pdf) => verifyPdf(pdf, { trust: pki.trust(), at: AT }),
  };
}

/** The dictionary of the victim's signature, as it stands in the file. */
export function signatureText(victim: Victim): string {
  const text = victim.signed.toString('latin1');
  const start = text.indexOf('<<', text.indexOf(`${SIGNATURE} 0 obj`));
  return text.slice(start, text.indexOf('endobj', start));
}

/** `[0 … … …]` of the victim's signature. */
export function byteRangeText({ signed }: Victim): string {
  return /\/ByteRange (\[[^\]]*\])/.exec(signed.toString('latin1'))?.[1] ?? '';
}

/** `<…>`, the gap of the victim's signature. */
export function cmsHex({ signed }: Victim): string {
  return /\/Contents (<[0-9a-f]+>)/.exec(signed.toString('latin1'))?.[1] ?? '';
}

/** Everything a report says, in one text. */
export function textOf(report: PdfReport): string {
  const texts = report.signatures.flatMap(({ detail, changesAfter }) => [detail, ...changesAfter]);
  return [report.detail, ...texts].join('\n');
}
