/**
 * `node packages/signer/fuzz/seed-ocsp.ts`: makes the seeds of `ocsp` anew, with a PKI of their own
 * whose private keys are forgotten.
 */
import { type OcspStatement, buildOcspResponse } from '../src/revocation/ocsp-build.ts';
import { certIdOf, encodeOcspRequest } from '../src/revocation/ocsp-request.ts';
import { createTestPki } from '../src/testing/test-pki.ts';
import type { Certificate } from '../src/x509/certificate.ts';
import { writeSeeds } from './corpus.ts';
import { OCSP_PKI, OCSP_TIME } from './ocsp.ts';

const pki = await createTestPki();
const [signer, good, revoked, unknown] = await Promise.all([
  pki.issue({ commonName: 'OCSP thử', use: 'ocsp' }),
  pki.issue({ commonName: 'Tốt', use: 'node' }),
  pki.issue({ commonName: 'Đã thu hồi', use: 'node' }),
  pki.issue({ commonName: 'Không biết', use: 'node' }),
]);
const times = { thisUpdate: OCSP_TIME, nextUpdate: new Date('2049-01-01T00:00:00Z') };
const say = (
  { certificate }: { readonly certificate: Certificate },
  status: OcspStatement['status'],
): OcspStatement => ({ certId: certIdOf(certificate, pki.issuing), status, ...times });
const since = new Date('2026-01-01T00:00:00Z');
const answer = (responses: readonly OcspStatement[], responderId: 'name' | 'key') =>
  buildOcspResponse({ responses, producedAt: OCSP_TIME, signer, responderId });

writeSeeds(OCSP_PKI, {
  'root.crt': pki.root.der,
  'issuing.crt': pki.issuing.der,
  'root.crl': pki.rootCrl().der,
  'revoked.crt': revoked.certificate.der,
  'unknown.crt': unknown.certificate.der,
});
writeSeeds('ocsp', {
  'seed-good': await answer([say(good, 'good')], 'key'),
  'seed-unknown': await answer([say(unknown, 'unknown')], 'name'),
  'seed-revoked': await answer([say(revoked, { revokedAt: since, reason: 'superseded' })], 'key'),
  'seed-several': await answer(
    [
      say(good, 'good'),
      say(revoked, { revokedAt: since, reason: 'keyCompromise', invalidSince: since }),
      { ...say(unknown, 'unknown'), archiveCutoff: since },
    ],
    'name',
  ),
  'seed-request': encodeOcspRequest(good.certificate, pki.issuing, { nonce: Buffer.alloc(16, 1) }),
});
