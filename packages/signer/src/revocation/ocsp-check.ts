import type { Certificate } from '../x509/certificate.ts';
import type { RevocationContext } from './context.ts';
import {
  type OcspEvidence,
  type RevocationEvidence,
  type RevocationFinding,
  revokedSince,
} from './evidence.ts';
import type { OcspResponse, SingleResponse } from './ocsp.ts';
import { certIdMatches } from './ocsp-request.ts';

/**
 * A response without nextUpdate says that newer information is always to be had (RFC 6960 §4.2.2.1):
 * it is taken as fresh for an hour after thisUpdate.
 */
export const MAX_AGE_WITHOUT_NEXT_UPDATE_MS = 60 * 60 * 1000;
/** Clocks of one responder may differ by this: thisUpdate may lie so far after producedAt. */
const MAX_CLOCK_SKEW_MS = 5 * 60 * 1000;

/** What the OCSP responses at hand say, and why some of them say nothing. */
export interface OcspFindings {
  readonly finding: RevocationFinding | undefined;
  readonly objections: ReadonlySet<string>;
}

/**
 * Looks a certificate up in the OCSP responses at hand (RFC 6960 §3.2, §4.2.2).
 *
 * A statement counts when its CertID has the name and the key of the issuer in this path, when the
 * response is signed by that very key or by a responder that this key has certified, and when it is
 * fresh at `at`; one made after `at` counts too, as it knows more. `unknown` is not `good`. A
 * revocation that is not a hold counts however old the response is.
 */
export function checkOcsps(
  certificate: Certificate,
  at: Date,
  context: RevocationContext,
): OcspFindings {
  const objections = new Set<string>();
  let newest: RevocationFinding | undefined;
  for (const response of context.ocspsOf(certificate.serialNumber)) {
    const singles = response.responses.filter(({ certId }) =>
      certIdMatches(certId, certificate, context.issuer),
    );
    if (singles.length === 0) continue;
    const signed = response.unknownCritical ?? authenticate(response, context);
    if (typeof signed === 'string') {
      objections.add(
        response.unknownCritical === undefined
          ? signed
          : `the OCSP response has an unknown critical extension ${signed}`,
      );
      continue;
    }
    for (const single of singles) {
      const finding = read(single, response, certificate, at, signed);
      if (typeof finding === 'string') objections.add(finding);
      else if (finding.state === 'revoked' && !finding.isOnHold) return { finding, objections };
      else if (newest === undefined || supersedes(finding, newest)) newest = finding;
    }
  }
  return { finding: newest, objections };
}

/** The newer statement counts; of two made at the same time the one that is not good. */
export function supersedes(a: RevocationFinding, b: RevocationFinding): boolean {
  if (a.asOf.getTime() !== b.asOf.getTime()) return a.asOf > b.asOf;
  return a.state === 'revoked' && b.state === 'good';
}

interface Authenticated {
  readonly responder: Certificate;
  readonly evidence: readonly RevocationEvidence[];
}

/** Finds the key that signed the response and may speak for the issuer; else says why there is none. */
function authenticate(response: OcspResponse, context: RevocationContext): Authenticated | string {
  let why = 'the OCSP response is not signed by the issuer or a responder of it';
  for (const responder of context.respondersOf(response)) {
    if (!context.hasSigned(response, responder)) continue;
    if (responder.sha256 === context.issuer.sha256) {
      // A CA that may sign CRLs may say the same by OCSP; digitalSignature is the bit for it.
      const { keyUsage } = responder;
      if (!keyUsage || keyUsage.has('digitalSignature') || keyUsage.has('cRLSign')) {
        return { responder, evidence: [] };
      }
      why = 'the key of the issuer may not sign OCSP responses';
      continue;
    }
    const judgement = context.judgeResponder(responder, response.producedAt);
    if (judgement.isTrusted) return { responder, evidence: judgement.evidence };
    why = judgement.why;
  }
  return why;
}

/** What one statement says at `at`, or why it says nothing. */
function read(
  single: SingleResponse,
  response: OcspResponse,
  certificate: Certificate,
  at: Date,
  { responder, evidence }: Authenticated,
): RevocationFinding | string {
  if (single.unknownCritical !== undefined) {
    return `the OCSP response has an unknown critical extension ${single.unknownCritical}`;
  }
  const { thisUpdate, nextUpdate, reason, revokedAt } = single;
  const own: OcspEvidence = {
    kind: 'ocsp',
    certificateSha256: certificate.sha256,
    sha256: response.sha256,
    thisUpdate,
    nextUpdate,
    producedAt: response.producedAt,
    responderSha256: responder.sha256,
    responderText: responder.subjectText,
    signerNotAfter: responder.notAfter,
  };
  const found = { asOf: thisUpdate, evidence: [own, ...evidence] };
  const since = revokedAt && revokedSince({ ...single, revokedAt }, at);
  const isOnHold = reason === 'certificateHold' || reason === 'removeFromCRL';
  if (since !== undefined && !isOnHold) {
    return { state: 'revoked', since, reason: reason ?? 'unspecified', isOnHold, ...found };
  }
  const objection = freshnessObjection(single, response, certificate, at);
  if (objection !== undefined) return objection;
  if (single.status === 'unknown') return 'the OCSP responder does not know the certificate';
  if (since !== undefined) {
    return { state: 'revoked', since, reason: reason ?? 'unspecified', isOnHold, ...found };
  }
  // Good, or revoked only after the time in question.
  return { state: 'good', since: undefined, reason: '', isOnHold: false, ...found };
}

function freshnessObjection(
  { thisUpdate, nextUpdate, archiveCutoff }: SingleResponse,
  { producedAt }: OcspResponse,
  { notAfter }: Certificate,
  at: Date,
): string | undefined {
  if (Number(thisUpdate) > Number(producedAt) + MAX_CLOCK_SKEW_MS) {
    return 'the OCSP response was produced before the time it speaks of';
  }
  const until = nextUpdate ?? new Date(Number(thisUpdate) + MAX_AGE_WITHOUT_NEXT_UPDATE_MS);
  if (until < thisUpdate) return 'the OCSP response is out of date before it begins';
  if (at >= until) return `the OCSP response is out of date since ${until.toISOString()}`;
  // Responders may forget expired certificates (RFC 6960 §4.4.4).
  if (thisUpdate > notAfter && (archiveCutoff === undefined || archiveCutoff > notAfter)) {
    return 'the OCSP responder may no longer know a certificate that has expired';
  }
  return undefined;
}
