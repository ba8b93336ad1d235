import { OID } from '../der/index.ts';
import { type Objection, indeterminate } from '../verdict.ts';
import type { Certificate } from '../x509/certificate.ts';

/**
 * What the certificate is used for: signing documents and records, time-stamp tokens (RFC 3161),
 * OCSP responses on behalf of a CA (RFC 6960), or anything.
 */
export type Purpose = 'signature' | 'timestamp' | 'ocsp' | 'any';

/**
 * Extended key usages under which a signature is accepted. Public CAs put documentSigning, e-mail
 * protection, client authentication or the two vendors' own usages into signing certificates.
 */
const SIGNING_USAGES: ReadonlySet<string> = new Set([
  OID.documentSigning,
  OID.emailProtection,
  OID.clientAuth,
  OID.anyExtendedKeyUsage,
  '1.3.6.1.4.1.311.10.3.12', // Microsoft document signing
  '1.2.840.113583.1.1.5', // Adobe authentic documents trust
]);

/** Says why a certificate may not be used for a purpose. */
export function objectionToPurpose(
  certificate: Certificate,
  purpose: Purpose,
): Objection | undefined {
  if (purpose === 'any') return undefined;
  const refuse = (why: string): Objection =>
    indeterminate(
      'CHAIN_CONSTRAINTS_FAILURE',
      `certificate of '${certificate.subjectText}' ${why}`,
    );
  if (certificate.basicConstraints?.cA === true) return refuse('is that of a CA, not of a signer');
  const { keyUsage, extKeyUsage } = certificate;
  if (keyUsage && !keyUsage.has('digitalSignature') && !keyUsage.has('nonRepudiation')) {
    return refuse('is not for signatures (keyUsage)');
  }
  if (purpose === 'timestamp') {
    // RFC 3161 §2.3: the one usage, and critical, so that no time-stamping key does anything else.
    const isCritical = certificate.extensions.get(OID.extKeyUsage)?.critical === true;
    const isAlone = extKeyUsage?.size === 1 && extKeyUsage.has(OID.timeStamping);
    if (!isCritical || !isAlone) {
      return refuse('is not for time-stamps alone (critical extKeyUsage)');
    }
    // RFC 5280 §4.2.1.12 names the two key usages that go with it.
    const others = [...(keyUsage ?? [])].filter(
      (usage) => usage !== 'digitalSignature' && usage !== 'nonRepudiation',
    );
    return others.length > 0 ? refuse('is not for time-stamps alone (keyUsage)') : undefined;
  }
  if (purpose === 'ocsp') {
    // RFC 6960 §4.2.2.2: the CA must have named the responder as one; "any usage" does not.
    if (extKeyUsage?.has(OID.ocspSigning) === true) return undefined;
    return refuse('is not for OCSP responses (extKeyUsage)');
  }
  if (extKeyUsage && ![...SIGNING_USAGES].some((usage) => extKeyUsage.has(usage))) {
    return refuse('is not for signing documents (extKeyUsage)');
  }
  return undefined;
}
