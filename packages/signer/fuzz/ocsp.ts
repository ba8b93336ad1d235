import { validatePath } from '../src/path/validate.ts';
import { createTrustStore } from '../src/path/trust-store.ts';
import { parseOcspRequest } from '../src/revocation/ocsp-request.ts';
import { parseOcspResponse } from '../src/revocation/ocsp.ts';
import { parseCertificate } from '../src/x509/certificate.ts';
import { parseCertificateFile } from '../src/x509/certificate-file.ts';
import { parseCrl } from '../src/x509/crl.ts';
import { corpusFolder, readFolder } from './corpus.ts';
import { finding, tolerate } from './tolerate.ts';

/** When the responses among the seeds hold. */
export const OCSP_TIME = new Date('2026-11-22T02:30:05Z');
/** The folder of the corpus with the public half of their PKI. */
export const OCSP_PKI = 'pki-ocsp';

function readPki() {
  const files = readFolder(corpusFolder(OCSP_PKI));
  const read = (name: string): Uint8Array =>
    files.get(name) ?? finding(`no corpus/${OCSP_PKI}/${name}`);
  return {
    trust: createTrustStore({
      anchors: [parseCertificate(read('root.crt'))],
      intermediates: [parseCertificate(read('issuing.crt'))],
      crls: [parseCrl(read('root.crl'))],
    }),
    revoked: parseCertificate(read('revoked.crt')),
    unknown: parseCertificate(read('unknown.crt')),
  };
}

let knownPki: ReturnType<typeof readPki> | undefined;

/** The bytes as a response, a request and a file of certificates. */
export function fuzzOcsp(bytes: Uint8Array): void {
  const { trust, revoked, unknown } = (knownPki ??= readPki());
  tolerate(() => void parseOcspRequest(bytes));
  tolerate(() => void parseCertificateFile(bytes));
  tolerate(() => {
    const data = { certificates: [], crls: [], ocsps: [parseOcspResponse(bytes)] };
    for (const certificate of [revoked, unknown]) {
      const at = OCSP_TIME;
      const verdict = validatePath(certificate, { trust, at, data, revocation: 'require' });
      if (verdict.indication === 'TOTAL-PASSED') finding('good, and nobody said so');
      if (verdict.subIndication === 'REVOKED' && certificate === unknown) {
        finding('revoked, and nobody said so');
      }
    }
  });
}
