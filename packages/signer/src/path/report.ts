import type { RevocationEvidence } from '../revocation/evidence.ts';
import type { Judgement } from '../verdict.ts';
import type { Certificate } from '../x509/certificate.ts';

/**
 * - `anchor`: trusted as it is; anchors are not checked for revocation.
 * - `good`: a fresh CRL or OCSP response says that it is not revoked, or none is needed.
 * - `revoked`: at the time of validation.
 * - `unknown`: nothing usable says whether it is revoked.
 * - `not-checked`: the path failed before it came to this certificate.
 */
export type CertificateState = 'anchor' | 'good' | 'revoked' | 'unknown' | 'not-checked';

/** A certificate's part in the verdict on a path. */
export interface CertificateReport {
  /** SHA-256 of the certificate, lower-case hex. */
  readonly sha256: string;
  readonly subjectText: string;
  readonly state: CertificateState;
  /** Since when it is revoked. */
  readonly revokedAt?: Date;
  /** Why it is revoked, in the words of RFC 5280 §5.3.1; `unspecified` when the issuer does not say. */
  readonly revocationReason?: string;
  /** For people, in lower case without a full stop. */
  readonly detail: string;
  /** What the state rests on, the evidence for OCSP responders and CRL signers included. */
  readonly evidence: readonly RevocationEvidence[];
}

/** Result of `validatePath`. */
export interface PathVerdict extends Judgement {
  /** From the certificate to the anchor; empty when no path was found. */
  readonly chain: readonly Certificate[];
  /** Each certificate's part in the verdict, in the order of `chain`; at least the certificate itself. */
  readonly certificates: readonly CertificateReport[];
  /** The CRLs and OCSP responses that were relied on. */
  readonly evidence: readonly RevocationEvidence[];
}

/** The report on a certificate that nothing is said of. */
export function notChecked(certificate: Certificate, detail: string): CertificateReport {
  const { sha256, subjectText } = certificate;
  return { sha256, subjectText, state: 'not-checked', detail, evidence: [] };
}

/** One line on the evidence of a good certificate. */
export function describeEvidence(evidence: readonly RevocationEvidence[]): string {
  const [first] = evidence;
  if (first === undefined) return 'no revocation data is needed';
  const of = first.thisUpdate.toISOString();
  return first.kind === 'crl'
    ? `not on the CRL of '${first.issuerText}' of ${of}`
    : `good by the OCSP response of '${first.responderText}' of ${of}`;
}
