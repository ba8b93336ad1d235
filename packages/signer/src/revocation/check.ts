import type { Certificate } from '../x509/certificate.ts';
import type { CertificateList, RevokedEntry } from '../x509/crl.ts';
import type { DistributionPoint } from '../x509/extensions.ts';
import { checkIssuerSignature } from '../path/signature-cache.ts';
import {
  ALL_REASONS,
  coveredReasons,
  crlIssuerKeys,
  isDeltaOf,
  scopeObjection,
} from './crl-scope.ts';

/**
 * How much revocation data is asked for.
 *
 * - `require`: every certificate below the anchor needs a fresh CRL.
 * - `when-expected`: as `require` for certificates that name a CRL distribution point or whose
 *   issuer is known to issue CRLs; others pass, since there is nothing to wait for.
 * - `if-available`: what the CRLs at hand say counts; missing or stale ones do not stop.
 */
export type RevocationMode = 'require' | 'when-expected' | 'if-available';

/** A CRL that was used as evidence for a certificate. */
export interface RevocationEvidence {
  readonly certificateSha256: string;
  readonly crlSha256: string;
  readonly thisUpdate: Date;
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

/** What the check needs to know about its surroundings. */
export interface RevocationContext {
  readonly crlsByIssuer: ReadonlyMap<string, readonly CertificateList[]>;
  /** Certificates that may have signed a CRL of the issuer; the certificate's own issuer first. */
  signersOf(crl: CertificateList): readonly Certificate[];
  /** True when the certificate has a valid path to the anchor of the path in question. */
  isTrustedCrlSigner(signer: Certificate): boolean;
}

/**
 * Looks a certificate up in the CRLs at hand (RFC 5280 §6.3.3): per distribution point, then as if
 * the issuer's name were one, until all reasons are covered.
 *
 * A CRL is fresh at `at` when `at` lies before its nextUpdate. One issued after `at` counts too: it
 * knows more. A revocation after `at` does not count, unless the key is said to have been
 * compromised since before (invalidityDate).
 */
export function checkRevocation(
  certificate: Certificate,
  at: Date,
  context: RevocationContext,
): RevocationState {
  const declared = certificate.crlDistributionPoints ?? [];
  const implicit: DistributionPoint = {
    name: { fullName: [{ kind: 'directory', name: certificate.issuer }] },
    reasons: undefined,
    crlIssuer: undefined,
  };
  const covered = new Set<number>();
  const evidence: RevocationEvidence[] = [];
  const details = new Set<string>();
  for (const point of [...declared, implicit]) {
    for (const issuerKey of crlIssuerKeys(point, certificate)) {
      const known = context.crlsByIssuer.get(issuerKey) ?? [];
      for (const crl of known) {
        const objection = objectionTo(crl, point, certificate, at, context);
        if (objection !== undefined) {
          details.add(objection);
          continue;
        }
        const reasons = coveredReasons(crl, point);
        if (reasons.every((reason) => covered.has(reason))) continue; // an older list of the same scope
        evidence.push(asEvidence(certificate, crl));
        const entry = entryOf(certificate, crl, known, at, context, evidence);
        const revoked = entry && asRevoked(entry, at);
        if (revoked !== undefined) return { ...revoked, evidence };
        for (const reason of reasons) covered.add(reason);
        if (covered.size === ALL_REASONS.length) return { state: 'good', evidence };
      }
    }
  }
  const isExpected = declared.length > 0 || context.crlsByIssuer.has(certificate.issuer.key);
  const why = details.size > 0 ? [...details].join('; ') : 'no CRL is at hand';
  const detail = `revocation of '${certificate.subjectText}' is not known: ${why}`;
  return { state: 'unknown', detail, isExpected };
}

function asEvidence(certificate: Certificate, crl: CertificateList): RevocationEvidence {
  const { sha256, thisUpdate } = crl;
  return { certificateSha256: certificate.sha256, crlSha256: sha256, thisUpdate };
}

/** Why a complete CRL cannot be used. */
function objectionTo(
  crl: CertificateList,
  point: DistributionPoint,
  certificate: Certificate,
  at: Date,
  context: RevocationContext,
): string | undefined {
  if (crl.baseNumber !== undefined) return 'a delta CRL is at hand without its base';
  return (
    scopeObjection(crl, point, certificate) ??
    freshnessObjection(crl, certificate, at) ??
    signatureObjection(crl, context)
  );
}

function freshnessObjection(
  crl: CertificateList,
  certificate: Certificate,
  at: Date,
): string | undefined {
  const { thisUpdate, nextUpdate, keepsExpiredSince } = crl;
  if (at >= (nextUpdate ?? thisUpdate) && at > thisUpdate) {
    const until = (nextUpdate ?? thisUpdate).toISOString();
    return `the CRL of '${crl.issuerText}' is out of date since ${until}`;
  }
  // Issuers may drop expired certificates from their lists (RFC 5280 §3.3).
  const { notAfter } = certificate;
  if (thisUpdate > notAfter && (keepsExpiredSince === undefined || keepsExpiredSince > notAfter)) {
    return `the CRL of '${crl.issuerText}' may no longer list a certificate that has expired`;
  }
  return undefined;
}

function signatureObjection(crl: CertificateList, context: RevocationContext): string | undefined {
  for (const signer of context.signersOf(crl)) {
    const mayIssue = signer.keyUsage === undefined || signer.keyUsage.has('cRLSign');
    if (!mayIssue || checkIssuerSignature(crl, signer) !== 'right') continue;
    if (context.isTrustedCrlSigner(signer)) return undefined;
  }
  return `the CRL of '${crl.issuerText}' is not signed by a trusted key`;
}

/** The entry in the newest usable delta CRL, else in the complete one (§6.3.3 (i)–(k)). */
function entryOf(
  certificate: Certificate,
  crl: CertificateList,
  known: readonly CertificateList[],
  at: Date,
  context: RevocationContext,
  evidence: RevocationEvidence[],
): RevokedEntry | undefined {
  const { issuer, serialNumber } = certificate;
  const delta = known.find(
    (candidate) =>
      isDeltaOf(candidate, crl) &&
      freshnessObjection(candidate, certificate, at) === undefined &&
      signatureObjection(candidate, context) === undefined,
  );
  const changed = delta?.find(issuer.key, serialNumber);
  if (delta !== undefined && changed !== undefined) {
    evidence.push(asEvidence(certificate, delta));
    return changed.reason === 'removeFromCRL' ? undefined : changed;
  }
  return crl.find(issuer.key, serialNumber);
}

function asRevoked(
  entry: RevokedEntry,
  at: Date,
): { state: 'revoked'; since: Date; reason: string } | undefined {
  const { revokedAt, invalidSince, reason } = entry;
  const since = invalidSince !== undefined && invalidSince < revokedAt ? invalidSince : revokedAt;
  return since > at ? undefined : { state: 'revoked', since, reason: reason ?? 'unspecified' };
}
