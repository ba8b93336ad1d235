import { expect } from 'vitest';

import type { ExtractedSignature } from '../../src/pades/extract.ts';
import type { Certificate } from '../../src/x509/certificate.ts';
import { encodePem } from '../../src/x509/pem.ts';
import { runTool } from './tools.ts';

/** What pdfsig 22.12 calls a document time-stamp; it does not judge it. */
export const TIME_STAMP = 'unknown';

/** Every signature is valid for pdfsig, and all are of these kinds, in the order of the form. */
export function expectValidInPdfsig(pdf: Uint8Array, subFilters: readonly string[]): void {
  const report = runTool('pdfsig', ['-nocert', 'a.pdf'], { 'a.pdf': pdf }).output;
  const found = [...report.matchAll(/Signature Type: (\S+)/g)].map(([, type]) => type);
  expect({ report, found }).toMatchObject({ found: subFilters });
  const signatureCount = subFilters.filter((type) => type !== TIME_STAMP).length;
  const valid = report.match(/Signature is Valid/g) ?? [];
  expect({ report, count: valid.length }).toMatchObject({ count: signatureCount });
}

/** qpdf finds nothing to complain of. */
export function expectWellFormed(pdf: Uint8Array): void {
  const { status, output } = runTool('qpdf', ['--check', 'a.pdf'], { 'a.pdf': pdf });
  expect({ status, output }).toMatchObject({ status: 0 });
}

/** The bytes a signature covers. */
export function coveredBytes(pdf: Uint8Array, { byteRange }: ExtractedSignature): Buffer {
  const [start1, length1, start2, length2] = byteRange;
  return Buffer.concat([
    pdf.subarray(start1, start1 + length1),
    pdf.subarray(start2, start2 + length2),
  ]);
}

/** OpenSSL verifies a CMS message as CAdES over its byte range, up to the root. */
export function expectCades(
  pdf: Uint8Array,
  signature: ExtractedSignature | undefined,
  root: Certificate,
): void {
  if (signature === undefined) throw new Error('no signature found');
  const args = 'cms -verify -cades -binary -inform DER -in a.p7s -content content.bin';
  const trust = '-CAfile root.pem -purpose any -out out.bin';
  const { status, output } = runTool('openssl', `${args} ${trust}`.split(' '), {
    'a.p7s': signature.cms,
    'content.bin': coveredBytes(pdf, signature),
    'root.pem': Buffer.from(encodePem('CERTIFICATE', root.der)),
  });
  expect({ status, output }).toMatchObject({ status: 0 });
  expect(output).toContain('CAdES Verification successful');
}

/** OpenSSL verifies a time-stamp token over these bytes, up to the root. */
export function expectToken(token: Uint8Array, data: Uint8Array, root: Certificate): void {
  const args = 'ts -verify -token_in -in token.der -data data.bin -CAfile root.pem';
  const { status, output } = runTool('openssl', args.split(' '), {
    'token.der': token,
    'data.bin': data,
    'root.pem': Buffer.from(encodePem('CERTIFICATE', root.der)),
  });
  expect({ status, output }).toMatchObject({ status: 0 });
  expect(output).toContain('Verification: OK');
}
