import { hash } from 'node:crypto';

import { SignerError } from '../errors.ts';
import { type Purpose } from '../path/purpose.ts';
import type { TrustStore } from '../path/trust-store.ts';
import { type PathVerdict, validatePath } from '../path/validate.ts';
import type { RevocationMode } from '../revocation/evidence.ts';
import type { ValidationData } from '../revocation/validation-data.ts';
import { type TimeStampVerdict, verifyTimeStamp } from '../tsp/verify.ts';
import type { Judgement } from '../verdict.ts';
import { type Certificate, parseCertificate } from '../x509/certificate.ts';
import type { CmsContent, DetachedContent } from './content.ts';
import { type CmsMode, type CmsVerdict, verifyCms } from './verify.ts';

/** Verdict on a signature: integrity, certificate path and revocation together. */
export interface SignatureVerdict extends Judgement {
  readonly certificate: Certificate | null;
  /** What the message itself showed. */
  readonly cms: CmsVerdict;
  /** How the certificate was judged; `null` when the message already failed. */
  readonly path: PathVerdict | null;
  /** The signature-time-stamps of the message, valid or not, in the message's order. */
  readonly timeStamps: readonly TimeStampVerdict[];
  /** The earliest time that a valid time-stamp proves; `null` without one. */
  readonly provenAt: Date | null;
}

/** What a signature is judged by. */
export interface JudgeOptions {
  readonly cms: Uint8Array;
  /** Certificates that may have made the signature or lie on the path; not trusted. */
  readonly candidates?: readonly Certificate[];
  readonly mode?: CmsMode;
  /** Whether a message with several signers is malformed, as in a PDF, or merely not judged. */
  readonly isOneSignerNeeded?: boolean;
  readonly trust: TrustStore;
  /** When the signature is known to have existed: now, or an earlier time that is proven otherwise. */
  readonly at: Date;
  /**
   * Whether `at` is proven, by a later time-stamp or the verifier's own record; default true. With
   * false a revocation leaves open whether the signature is older, unless a time-stamp tells.
   */
  readonly isProven?: boolean;
  readonly purpose?: Purpose;
  readonly revocation?: RevocationMode;
  /** Certificates, CRLs and OCSP responses that may help; not trusted. */
  readonly data?: ValidationData;
}

/** Time-stamps of one signature that are looked at; a message may carry any number of them. */
const MAX_TIME_STAMPS = 16;

/**
 * Verifies a detached signature (ETSI EN 319 102-1 §5.3, §5.5): first the message, then its
 * signature-time-stamps, then the certificate at the earliest time that is known: that of a valid
 * time-stamp, else `at`. A time-stamp that is broken or not trusted changes nothing but its own
 * verdict. Certificates in the message and the `candidates` may help to build the path; only those
 * of `trust` are trusted.
 */
export function verifyDetached(input: DetachedContent & JudgeOptions): SignatureVerdict {
  return judge(input);
}

/**
 * Verifies a message that carries its content; otherwise as {@link verifyDetached}.
 *
 * @returns with `content` only for `TOTAL-PASSED`, so that nobody takes what nobody trusted has signed;
 *   `cms.content` has what any intact message carries.
 */
export function verifyAttached(
  input: JudgeOptions,
): SignatureVerdict & { readonly content: Uint8Array | null } {
  const verdict = judge({ ...input, attached: true });
  const isPassed = verdict.indication === 'TOTAL-PASSED';
  return { ...verdict, content: isPassed ? verdict.cms.content : null };
}

function judge(input: CmsContent & JudgeOptions): SignatureVerdict {
  const candidates = [...(input.candidates ?? []), ...(input.data?.certificates ?? [])];
  const cms = verifyCms({ ...input, candidates });
  const { certificate } = cms;
  if (cms.indication !== 'TOTAL-PASSED' || certificate === null) {
    const { indication, subIndication, detail } = cms;
    const judgement = { indication, subIndication, detail };
    return { ...judgement, certificate, cms, path: null, timeStamps: [], provenAt: null };
  }
  const { trust, at, isProven = true, purpose, revocation, data } = input;
  const timeStamps = verifyTimeStamps(cms, input);
  const provenAt = earliestOf(timeStamps);
  const isStamped = provenAt !== null && provenAt <= at;
  const extra = [...cms.embedded, ...(input.candidates ?? [])].filter(
    (candidate) =>
      candidate.sha256 !== certificate.sha256 && candidate.basicConstraints?.cA === true,
  );
  const path = validatePath(certificate, {
    trust,
    at: isStamped ? provenAt : at,
    isProven: isProven || isStamped,
    extra,
    ...(purpose && { purpose }),
    ...(revocation && { revocation }),
    ...(data && { data }),
  });
  const { indication, subIndication, detail } = path;
  return { indication, subIndication, detail, certificate, cms, path, timeStamps, provenAt };
}

function verifyTimeStamps(
  { signature, timeStampTokens }: CmsVerdict,
  { trust, at, revocation, data }: JudgeOptions,
): readonly TimeStampVerdict[] {
  if (signature === null) return [];
  return timeStampTokens.slice(0, MAX_TIME_STAMPS).map((token) =>
    verifyTimeStamp({
      token,
      digest: (name) => hash(name, signature, 'buffer'),
      trust,
      at,
      ...(revocation && { revocation }),
      ...(data && { data }),
    }),
  );
}

function earliestOf(timeStamps: readonly TimeStampVerdict[]): Date | null {
  const times = timeStamps.flatMap(({ indication, time }) =>
    indication === 'TOTAL-PASSED' && time !== null ? [Number(time)] : [],
  );
  return times.length === 0 ? null : new Date(Math.min(...times));
}

/** What a record carries and what is known about its sender. */
export interface SignatureInput {
  readonly content: Uint8Array;
  /** Detached CMS. */
  readonly signature: Uint8Array;
  /** Certificates that may have signed, DER: those the directory lists for the sender. */
  readonly certificates: readonly Uint8Array[];
  readonly at: Date;
}

/** The verdict in plain values, for callers that know nothing of certificates. */
export interface PlainSignatureVerdict {
  readonly indication: Judgement['indication'];
  readonly subIndication: string | null;
  /** SHA-256 of the certificate that signed, lower-case hex. */
  readonly certificateSha256: string | null;
  readonly detail: string;
  /**
   * Of a verdict `TOTAL-PASSED`, what it was judged with, by SHA-256 in lower-case hex: the chain from
   * the signer to the anchor, the CRLs and OCSP responses.
   */
  readonly basis?: {
    readonly certificates: readonly string[];
    readonly revocation: readonly string[];
  };
}

/**
 * Makes the function the bus takes for checking records. It is synchronous and quick: certificates
 * are parsed once, issuer signatures, paths and what the lists of the trust store say are checked once per
 * certificate and trust store; times are checked on every call.
 *
 * Certificates that cannot be read are left out, as if they had not been given.
 */
export function createSignatureVerifier(
  trust: TrustStore | (() => TrustStore),
  options: { readonly revocation?: RevocationMode } = {},
): (input: SignatureInput) => PlainSignatureVerdict {
  const currentTrust = typeof trust === 'function' ? trust : () => trust;
  return ({ content, signature, certificates, at }) => {
    const verdict = verifyDetached({
      content,
      cms: signature,
      candidates: certificates.flatMap(readCertificate),
      trust: currentTrust(),
      at,
      ...options,
    });
    const { indication, subIndication, detail, certificate, path } = verdict;
    const plain = { indication, subIndication, certificateSha256: certificate?.sha256 ?? null };
    if (indication !== 'TOTAL-PASSED' || path === null) return { ...plain, detail };
    return { ...plain, detail, basis: basisOf(path) };
  };
}

function basisOf({ chain, evidence }: PathVerdict): NonNullable<PlainSignatureVerdict['basis']> {
  return {
    certificates: chain.map(({ sha256 }) => sha256),
    revocation: [...new Set(evidence.map(({ sha256 }) => sha256))],
  };
}

function readCertificate(der: Uint8Array): readonly Certificate[] {
  try {
    return [parseCertificate(der)];
  } catch (error) {
    if (error instanceof SignerError) return [];
    throw error;
  }
}
