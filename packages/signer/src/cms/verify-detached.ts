import { SignerError } from '../errors.ts';
import { type Purpose } from '../path/purpose.ts';
import type { TrustStore } from '../path/trust-store.ts';
import { type PathVerdict, validatePath } from '../path/validate.ts';
import type { RevocationMode } from '../revocation/check.ts';
import type { Judgement } from '../verdict.ts';
import { type Certificate, parseCertificate } from '../x509/certificate.ts';
import type { DetachedContent } from './content.ts';
import { type CmsMode, type CmsVerdict, verifyCms } from './verify.ts';

/** Verdict on a signature: integrity, certificate path and revocation together. */
export interface SignatureVerdict extends Judgement {
  readonly certificate: Certificate | null;
  /** What the message itself showed. */
  readonly cms: CmsVerdict;
  /** How the certificate was judged; `null` when the message already failed. */
  readonly path: PathVerdict | null;
}

/**
 * Verifies a detached signature as of `at` (ETSI EN 319 102-1 §5.3): first the message, then the
 * certificate that made it. Certificates in the message and the `candidates` may help to build the
 * path; only those of `trust` are trusted.
 */
export function verifyDetached(
  input: DetachedContent & {
    readonly cms: Uint8Array;
    readonly candidates?: readonly Certificate[];
    readonly mode?: CmsMode;
    readonly trust: TrustStore;
    readonly at: Date;
    readonly purpose?: Purpose;
    readonly revocation?: RevocationMode;
  },
): SignatureVerdict {
  const cms = verifyCms(input);
  const { certificate } = cms;
  if (cms.indication !== 'TOTAL-PASSED' || certificate === null) {
    const { indication, subIndication, detail } = cms;
    return { indication, subIndication, detail, certificate, cms, path: null };
  }
  const extra = [...cms.embedded, ...(input.candidates ?? [])].filter(
    (candidate) =>
      candidate.sha256 !== certificate.sha256 && candidate.basicConstraints?.cA === true,
  );
  const { trust, at, purpose, revocation } = input;
  const path = validatePath(certificate, {
    trust,
    at,
    extra,
    ...(purpose && { purpose }),
    ...(revocation && { revocation }),
  });
  const { indication, subIndication, detail } = path;
  return { indication, subIndication, detail, certificate, cms, path };
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
}

/**
 * Makes the function the bus takes for checking records. It is synchronous and quick: certificates
 * are parsed once, issuer signatures and paths are checked once per certificate and trust store;
 * times and revocation are checked on every call.
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
    const { indication, subIndication, detail, certificate } = verdict;
    return { indication, subIndication, certificateSha256: certificate?.sha256 ?? null, detail };
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
