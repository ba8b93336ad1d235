import { buildOcspResponse } from '../../src/revocation/ocsp-build.ts';
import type { OcspContent, OcspStatement } from '../../src/revocation/ocsp-build.ts';
import { type OcspResponse, parseOcspResponse } from '../../src/revocation/ocsp.ts';
import { certIdOf } from '../../src/revocation/ocsp-request.ts';
import { createKeySigner, type Signer } from '../../src/keys/signer.ts';
import type { TestPki } from '../../src/testing/test-pki.ts';
import type { Certificate } from '../../src/x509/certificate.ts';

/** The issuing CA as a signer: a responder that needs no delegation. */
export function issuingSigner(pki: TestPki): Signer {
  const key = pki.issuingKey;
  if ('signer' in key) return key.signer;
  return createKeySigner({ privateKey: key.privateKey, certificate: pki.issuing, chain: [] });
}

/** What a test changes about an answer; it says `good` as of 1 March 2026, for a day. */
export interface Answer extends Partial<Omit<OcspStatement, 'certId'>> {
  readonly signer: Signer;
  readonly issuer?: Certificate;
  readonly producedAt?: Date;
  readonly hash?: 'sha1' | 'sha256';
  readonly rest?: Partial<Omit<OcspContent, 'responses' | 'signer' | 'producedAt'>>;
}

/** An OCSP response on one certificate of the issuing CA. */
export async function answerOn(
  certificate: Certificate,
  pki: TestPki,
  answer: Answer,
): Promise<OcspResponse> {
  const { signer, issuer = pki.issuing, producedAt, hash, rest, ...statement } = answer;
  const thisUpdate = statement.thisUpdate ?? new Date('2026-03-01T00:00:00Z');
  const der = await buildOcspResponse({
    responses: [
      {
        certId: certIdOf(certificate, issuer, hash),
        status: 'good',
        nextUpdate: new Date(Number(thisUpdate) + 24 * 60 * 60 * 1000),
        ...statement,
        thisUpdate,
      },
    ],
    producedAt: producedAt ?? thisUpdate,
    signer,
    ...rest,
  });
  return parseOcspResponse(der);
}
