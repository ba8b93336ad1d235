import type { RevocationEvidence } from '../revocation/evidence.ts';
import type { Certificate } from '../x509/certificate.ts';
import type { PathVerdict } from './report.ts';
import type { TrustStore } from './trust-store.ts';

/** A verdict, and the times for which the same lists give it again. */
interface Standing {
  readonly verdict: PathVerdict;
  readonly fromMs: number;
  /** Exclusive: then a list is out of date, or a certificate has run out. */
  readonly untilMs: number;
}

const MAX_STANDING = 20_000;
const standings = new WeakMap<TrustStore, Map<string, Standing>>();

/**
 * The verdict on a certificate that was found good with this very store, where it must come out the
 * same at `at`; else `undefined`. A new list makes a new store, so a revocation that becomes known ends
 * what was found before.
 */
export function standingVerdict(
  certificate: Certificate,
  trust: TrustStore,
  at: Date,
): PathVerdict | undefined {
  const standing = standings.get(trust)?.get(certificate.sha256);
  if (standing === undefined) return undefined;
  const atMs = at.getTime();
  return standing.fromMs <= atMs && atMs < standing.untilMs ? standing.verdict : undefined;
}

/**
 * Keeps a verdict `TOTAL-PASSED` that was reached with nothing but the store, if time alone can end it:
 * no list of the store names a certificate of the chain, not even for later, none of them rests on an
 * OCSP response, and each on lists of its own issuer. From `at` on such a verdict stands until the
 * first of those lists is out of date: lists that were out of date stay so, and so do certificates that
 * had begun.
 */
export function keepVerdict(
  certificate: Certificate,
  trust: TrustStore,
  at: Date,
  verdict: PathVerdict,
): void {
  const untilMs = endOf(trust, verdict);
  if (untilMs === undefined || at.getTime() >= untilMs) return;
  let known = standings.get(trust);
  if (known === undefined) {
    known = new Map();
    standings.set(trust, known);
  }
  if (known.size >= MAX_STANDING) known.clear();
  known.set(certificate.sha256, { verdict, fromMs: at.getTime(), untilMs });
}

/** When time ends a verdict at the latest; `undefined` where more than time could. */
function endOf(trust: TrustStore, { chain, certificates }: PathVerdict): number | undefined {
  let untilMs = Infinity;
  for (const [index, certificate] of chain.entries()) {
    untilMs = Math.min(untilMs, certificate.notAfter.getTime());
    const issuer = chain[index + 1];
    if (issuer === undefined) continue; // the anchor, which no list can end
    const report = certificates[index];
    if (report?.state !== 'good' || report.evidence.length === 0) return undefined;
    if (isNamed(certificate, trust)) return undefined;
    for (const evidence of report.evidence) {
      if (!isOfIssuer(evidence, issuer)) return undefined;
      const { nextUpdate, thisUpdate } = evidence;
      untilMs = Math.min(untilMs, (nextUpdate ?? thisUpdate).getTime());
    }
  }
  return untilMs;
}

function isNamed({ issuer, serialNumber }: Certificate, trust: TrustStore): boolean {
  return (
    trust.ocspsBySerial.has(serialNumber) ||
    trust.crls.some((crl) => crl.find(issuer.key, serialNumber) !== undefined)
  );
}

function isOfIssuer(evidence: RevocationEvidence, issuer: Certificate): boolean {
  return evidence.kind === 'crl' && evidence.signerSha256 === issuer.sha256;
}
