/**
 * How much revocation data is asked for.
 *
 * - `require`: every certificate below the anchor needs a fresh CRL or OCSP response.
 * - `when-expected`: as `require` for certificates that name a CRL distribution point or an OCSP
 *   responder, or whose issuer is known to issue CRLs; others pass, since there is nothing to wait for.
 * - `if-available`: what the data at hand says counts; missing or stale data does not stop.
 */
export type RevocationMode = 'require' | 'when-expected' | 'if-available';

interface Evidence {
  /** The certificate it speaks of, SHA-256 of its DER in lower-case hex. */
  readonly certificateSha256: string;
  /** SHA-256 of the CRL or OCSP response, lower-case hex. */
  readonly sha256: string;
  readonly thisUpdate: Date;
  readonly nextUpdate: Date | undefined;
  /** End of the certificate whose key signed it: afterwards that key may be in other hands. */
  readonly signerNotAfter: Date;
}

/** A CRL that was relied on. */
export interface CrlEvidence extends Evidence {
  readonly kind: 'crl';
  readonly issuerText: string;
  /** The certificate whose key signed the list. */
  readonly signerSha256: string;
}

/** An OCSP response that was relied on. */
export interface OcspEvidence extends Evidence {
  readonly kind: 'ocsp';
  readonly producedAt: Date;
  /** The certificate whose key signed the response. */
  readonly responderSha256: string;
  readonly responderText: string;
}

/** A CRL or OCSP response that was relied on for a certificate. */
export type RevocationEvidence = CrlEvidence | OcspEvidence;

/** What one source, or all together, say of a certificate. */
export interface RevocationFinding {
  readonly state: 'good' | 'revoked';
  /** Since when it is revoked; `undefined` when good. */
  readonly since: Date | undefined;
  readonly reason: string;
  /** A certificate on hold may become good again; any other revocation is for ever. */
  readonly isOnHold: boolean;
  /** The time the statement is known to be right: thisUpdate of the oldest part of it. */
  readonly asOf: Date;
  readonly evidence: readonly RevocationEvidence[];
}

/** The revocation state of one certificate at a time. */
export type RevocationState =
  | { readonly state: 'good'; readonly evidence: readonly RevocationEvidence[] }
  | {
      readonly state: 'revoked';
      readonly since: Date;
      readonly reason: string;
      readonly evidence: readonly RevocationEvidence[];
    }
  | { readonly state: 'unknown'; readonly detail: string; readonly isExpected: boolean };

/**
 * Since when an entry counts, or `undefined` when that is after `at`. A known time of compromise
 * (invalidityDate, RFC 5280 §5.3.2) counts before the time at which the issuer heard of it.
 */
export function revokedSince(
  entry: { readonly revokedAt: Date; readonly invalidSince: Date | undefined },
  at: Date,
): Date | undefined {
  const { revokedAt, invalidSince } = entry;
  const since = invalidSince !== undefined && invalidSince < revokedAt ? invalidSince : revokedAt;
  return since > at ? undefined : since;
}
