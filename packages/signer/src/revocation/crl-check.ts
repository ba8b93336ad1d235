import type { Certificate } from '../x509/certificate.ts';
import type { CertificateList, RevokedEntry } from '../x509/crl.ts';
import type { DistributionPoint } from '../x509/extensions.ts';
import type { RevocationContext } from './context.ts';
import {
  ALL_REASONS,
  coveredReasons,
  crlIssuerKeys,
  isDeltaOf,
  scopeObjection,
} from './crl-scope.ts';
import { type CrlEvidence, type RevocationFinding, revokedSince } from './evidence.ts';

/** What the CRLs at hand say, and why some of them say nothing. */
export interface CrlFindings {
  /** At most one that is revoked for ever, else at most one from the newest lists. */
  readonly finding: RevocationFinding | undefined;
  readonly objections: ReadonlySet<string>;
}

/**
 * Looks a certificate up in the CRLs at hand (RFC 5280 §6.3.3): per distribution point, then as if
 * the issuer's name were one, until all reasons are covered.
 *
 * A CRL is fresh at `at` when `at` lies before its nextUpdate. One issued after `at` counts too: it
 * knows more. A revocation after `at` does not count, unless the key is said to have been
 * compromised since before (invalidityDate). A revocation that is not a hold cannot be taken back,
 * so a list that is out of date, or a delta without its base, still proves it.
 */
export function checkCrls(
  certificate: Certificate,
  at: Date,
  context: RevocationContext,
): CrlFindings {
  const objections = new Set<string>();
  const lists: ScopedCrl[] = [];
  for (const scoped of listsInScope(certificate, context)) {
    if (scoped.objection === undefined) lists.push(scoped);
    else objections.add(scoped.objection);
  }
  for (const { crl } of lists) {
    const finding = permanentRevocation(certificate, crl, at, context);
    if (finding !== undefined) return { finding, objections };
  }
  return { finding: newestState(certificate, lists, at, context, objections), objections };
}

interface ScopedCrl {
  readonly crl: CertificateList;
  readonly point: DistributionPoint;
  readonly known: readonly CertificateList[];
  readonly objection: string | undefined;
}

/** Every CRL that could cover the certificate, with the distribution point it is asked for. */
function* listsInScope(
  certificate: Certificate,
  context: RevocationContext,
): Generator<ScopedCrl, void, undefined> {
  const implicit: DistributionPoint = {
    name: { fullName: [{ kind: 'directory', name: certificate.issuer }] },
    reasons: undefined,
    crlIssuer: undefined,
  };
  for (const point of [...(certificate.crlDistributionPoints ?? []), implicit]) {
    for (const issuerKey of crlIssuerKeys(point, certificate)) {
      const known = context.crlsOf(issuerKey);
      for (const crl of known) {
        yield { crl, point, known, objection: scopeObjection(crl, point, certificate) };
      }
    }
  }
}

function permanentRevocation(
  certificate: Certificate,
  crl: CertificateList,
  at: Date,
  context: RevocationContext,
): RevocationFinding | undefined {
  const entry = crl.find(certificate.issuer.key, certificate.serialNumber);
  if (entry === undefined || isReversible(entry)) return undefined;
  const since = revokedSince(entry, at);
  if (since === undefined) return undefined;
  const signer = trustedSigner(crl, context);
  if (signer === undefined) return undefined;
  return asRevoked(entry, since, crl.thisUpdate, [asEvidence(certificate, crl, signer)]);
}

function isReversible({ reason }: RevokedEntry): boolean {
  return reason === 'certificateHold' || reason === 'removeFromCRL';
}

/** Good or on hold, by the newest list of each scope; `undefined` when not all reasons are covered. */
function newestState(
  certificate: Certificate,
  lists: readonly ScopedCrl[],
  at: Date,
  context: RevocationContext,
  objections: Set<string>,
): RevocationFinding | undefined {
  const covered = new Set<number>();
  const evidence: CrlEvidence[] = [];
  let asOf: Date | undefined;
  for (const { crl, point, known } of lists) {
    const reasons = coveredReasons(crl, point);
    if (reasons.every((reason) => covered.has(reason))) continue; // an older list of the same scope
    const signer = usableSigner(crl, certificate, at, context);
    if (typeof signer === 'string') {
      objections.add(signer);
      continue;
    }
    evidence.push(asEvidence(certificate, crl, signer));
    const delta = usableDelta(certificate, crl, known, at, context);
    if (delta !== undefined) evidence.push(asEvidence(certificate, delta.crl, delta.signer));
    const { thisUpdate } = delta?.crl ?? crl;
    const entry = entryOf(certificate, crl, delta?.crl);
    const since = entry && revokedSince(entry, at);
    if (entry !== undefined && since !== undefined) {
      return asRevoked(entry, since, thisUpdate, evidence);
    }
    if (asOf === undefined || thisUpdate < asOf) asOf = thisUpdate;
    for (const reason of reasons) covered.add(reason);
    if (covered.size === ALL_REASONS.length) {
      return { state: 'good', since: undefined, reason: '', isOnHold: false, asOf, evidence };
    }
  }
  if (covered.size > 0) objections.add('the CRLs cover some reasons of revocation only');
  return undefined;
}

function asRevoked(
  entry: RevokedEntry,
  since: Date,
  asOf: Date,
  evidence: readonly CrlEvidence[],
): RevocationFinding {
  const reason = entry.reason ?? 'unspecified';
  return { state: 'revoked', since, reason, isOnHold: isReversible(entry), asOf, evidence };
}

function asEvidence(
  certificate: Certificate,
  crl: CertificateList,
  signer: Certificate,
): CrlEvidence {
  const { sha256, thisUpdate, nextUpdate, issuerText } = crl;
  const of = { certificateSha256: certificate.sha256, signerSha256: signer.sha256 };
  const { notAfter: signerNotAfter } = signer;
  return { kind: 'crl', sha256, thisUpdate, nextUpdate, issuerText, signerNotAfter, ...of };
}

/** The signer of a complete list that is fresh, or why the list cannot be used. */
function usableSigner(
  crl: CertificateList,
  certificate: Certificate,
  at: Date,
  context: RevocationContext,
): Certificate | string {
  if (crl.baseNumber !== undefined) return 'a delta CRL is at hand without its base';
  return (
    freshnessObjection(crl, certificate, at) ??
    trustedSigner(crl, context) ??
    `the CRL of '${crl.issuerText}' is not signed by a trusted key`
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

function trustedSigner(crl: CertificateList, context: RevocationContext): Certificate | undefined {
  return context.signersOf(crl).find((signer) => {
    const mayIssue = signer.keyUsage === undefined || signer.keyUsage.has('cRLSign');
    return mayIssue && context.hasSigned(crl, signer) && context.isTrustedCrlSigner(signer);
  });
}

interface SignedCrl {
  readonly crl: CertificateList;
  readonly signer: Certificate;
}

/** The newest delta CRL that can be applied to a complete one (§6.3.3 (c), (h)). */
function usableDelta(
  certificate: Certificate,
  base: CertificateList,
  known: readonly CertificateList[],
  at: Date,
  context: RevocationContext,
): SignedCrl | undefined {
  for (const crl of known) {
    if (!isDeltaOf(crl, base) || freshnessObjection(crl, certificate, at) !== undefined) continue;
    const signer = trustedSigner(crl, context);
    if (signer !== undefined) return { crl, signer };
  }
  return undefined;
}

/** The entry in the delta CRL, else in the complete one (§6.3.3 (i)–(k)). */
function entryOf(
  { issuer, serialNumber }: Certificate,
  base: CertificateList,
  delta: CertificateList | undefined,
): RevokedEntry | undefined {
  const changed = delta?.find(issuer.key, serialNumber);
  if (changed === undefined) return base.find(issuer.key, serialNumber);
  return changed.reason === 'removeFromCRL' ? undefined : changed;
}
