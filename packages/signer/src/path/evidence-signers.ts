import { OID } from '../der/index.ts';
import type { OcspResponse } from '../revocation/ocsp.ts';
import { hasKeyHash } from '../revocation/ocsp-request.ts';
import type { Certificate } from '../x509/certificate.ts';
import type { CertificateList } from '../x509/crl.ts';
import type { OfferedCertificates } from './search.ts';
import type { TrustStore } from './trust-store.ts';

/** Certificates with the name of a CRL's issuer; the issuer in the path first. */
export function signersOf(
  crl: CertificateList,
  issuer: Certificate,
  trust: TrustStore,
  offered: OfferedCertificates,
): readonly Certificate[] {
  const others = [
    ...(trust.bySubject.get(crl.issuer.key) ?? []),
    ...(offered.get(crl.issuer.key) ?? []),
  ];
  return issuer.subject.key === crl.issuer.key ? [...new Set([issuer, ...others])] : others;
}

/**
 * Certificates that fit the responderID of a response: the issuer in the path first, then those the
 * issuer may have named as responders, from the response, the store and the message.
 */
export function respondersOf(
  response: OcspResponse,
  issuer: Certificate,
  trust: TrustStore,
  offered: OfferedCertificates,
): readonly Certificate[] {
  const { responderId } = response;
  const elsewhere =
    responderId.kind === 'name'
      ? [
          ...(trust.bySubject.get(responderId.name.key) ?? []),
          ...(offered.get(responderId.name.key) ?? []),
        ]
      : [...trust.intermediates, ...[...offered.values()].flat()];
  const delegated = [...response.certificates, ...elsewhere].filter(
    (candidate) =>
      candidate.issuer.key === issuer.subject.key &&
      candidate.extKeyUsage?.has(OID.ocspSigning) === true,
  );
  return [...new Set([issuer, ...delegated])].filter((candidate) => fits(response, candidate));
}

function fits({ responderId }: OcspResponse, candidate: Certificate): boolean {
  if (responderId.kind === 'name') return candidate.subject.key === responderId.name.key;
  return hasKeyHash(candidate, 'sha1', responderId.keyHash);
}
