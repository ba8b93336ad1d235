import { ocspUrlsOf } from '../x509/authority-info.ts';
import type { Certificate } from '../x509/certificate.ts';
import type { RevocationContext } from './context.ts';
import { checkCrls } from './crl-check.ts';
import type { RevocationFinding, RevocationState } from './evidence.ts';
import { checkOcsps, supersedes } from './ocsp-check.ts';

/**
 * The revocation state of a certificate at `at`, from CRLs and OCSP responses alike: a revocation
 * that cannot be taken back wins wherever it stands; else the newest statement wins, of two of one
 * time the worse one.
 */
export function checkRevocation(
  certificate: Certificate,
  at: Date,
  context: RevocationContext,
): RevocationState {
  const ocsp = checkOcsps(certificate, at, context);
  const crl = checkCrls(certificate, at, context);
  return stateOf(certificate, context, [ocsp, crl], 'no CRL or OCSP response is at hand');
}

/**
 * As {@link checkRevocation} from CRLs alone: for OCSP responders, whose own state must not rest on
 * what they or their like say.
 */
export function checkRevocationByCrl(
  certificate: Certificate,
  at: Date,
  context: RevocationContext,
): RevocationState {
  return stateOf(certificate, context, [checkCrls(certificate, at, context)], 'no CRL is at hand');
}

function stateOf(
  certificate: Certificate,
  context: RevocationContext,
  sources: readonly {
    readonly finding: RevocationFinding | undefined;
    readonly objections: ReadonlySet<string>;
  }[],
  nothing: string,
): RevocationState {
  let decisive: RevocationFinding | undefined;
  for (const { finding } of sources) {
    if (finding === undefined) continue;
    if (decisive === undefined || outweighs(finding, decisive)) decisive = finding;
  }
  if (decisive?.since !== undefined) {
    const { since, reason, evidence } = decisive;
    return { state: 'revoked', since, reason, evidence };
  }
  if (decisive !== undefined) return { state: 'good', evidence: decisive.evidence };
  const isExpected =
    certificate.crlDistributionPoints !== undefined ||
    ocspUrlsOf(certificate).length > 0 ||
    context.hasOwnCrls(certificate.issuer.key);
  const objections = sources.flatMap((source) => [...source.objections]);
  const why = objections.length > 0 ? objections.join('; ') : nothing;
  const detail = `revocation of '${certificate.subjectText}' is not known: ${why}`;
  return { state: 'unknown', detail, isExpected };
}

function outweighs(a: RevocationFinding, b: RevocationFinding): boolean {
  const isPermanent = (finding: RevocationFinding): boolean =>
    finding.state === 'revoked' && !finding.isOnHold;
  if (isPermanent(a) !== isPermanent(b)) return isPermanent(a);
  return supersedes(a, b);
}
