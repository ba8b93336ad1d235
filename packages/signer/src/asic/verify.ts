import { verifyDetached } from '../cms/verify-detached.ts';
import { SignerError } from '../errors.ts';
import type { TrustStore } from '../path/trust-store.ts';
import type { Indication, SubIndication } from '../verdict.ts';
import type { Certificate } from '../x509/certificate.ts';
import { type OpenedAsicE, openAsicE } from './container.ts';
import { type AsicLimits, DEFAULT_ASIC_LIMITS } from './limits.ts';

/** What {@link verifyAsicE} found. */
export interface AsicReport {
  readonly indication: Indication;
  readonly subIndication: SubIndication | null;
  readonly certificate: Certificate | null;
  /** Subject of the signing certificate, readable; null when it was not found. */
  readonly signerText: string | null;
  readonly certificateSha256: string | null;
  /** The package digest; null when the container could not be opened. */
  readonly manifestSha256: string | null;
  /** The time that a time-stamp of the signature proves; null without a valid one. */
  readonly provenAt: Date | null;
  /** Names, media types and sizes of the files that the signature covers. */
  readonly files: readonly { name: string; mediaType: string; bytes: number }[];
  readonly detail: string;
}

export interface VerifyAsicEOptions {
  readonly trust: TrustStore;
  readonly at: Date;
  /** Where to look for the signing certificate when it is not in the signature. */
  readonly candidates?: readonly Certificate[];
  readonly limits?: AsicLimits;
}

/**
 * Verifies an ASiC-E container: strict opening, digests, and the CAdES signature over the manifest
 * with its certificate path and revocation at `at` (ETSI EN 319 102-1).
 *
 * What is wrong with the container is a result too: `HASH_FAILURE` for an altered file,
 * `FORMAT_FAILURE` for anything else.
 */
export function verifyAsicE(container: Uint8Array, options: VerifyAsicEOptions): AsicReport {
  let opened: OpenedAsicE;
  try {
    opened = openAsicE(container, options.limits ?? DEFAULT_ASIC_LIMITS);
  } catch (error) {
    return failedReport(error);
  }
  const files = Array.from(opened.files, ([name, bytes]) => ({
    name,
    mediaType: opened.mediaTypes.get(name) ?? 'application/octet-stream',
    bytes: bytes.length,
  }));
  return reportOn(opened, files, options);
}

/** The verdict on the signature over a manifest whose files were dealt with. */
export function reportOn(
  opened: Pick<OpenedAsicE, 'manifest' | 'manifestSha256' | 'signature'>,
  files: AsicReport['files'],
  { trust, at, candidates = [] }: Omit<VerifyAsicEOptions, 'limits'>,
): AsicReport {
  const { manifest: content, manifestSha256, signature: cms } = opened;
  const verdict = verifyDetached({ cms, content, candidates, trust, at });
  const { indication, subIndication, certificate, provenAt, detail } = verdict;
  return {
    indication,
    subIndication,
    certificate,
    signerText: certificate?.subjectText ?? null,
    certificateSha256: certificate?.sha256 ?? null,
    manifestSha256,
    provenAt,
    files,
    detail,
  };
}

/** What could not be opened, as a verdict; any other error is thrown on. */
export function failedReport(error: unknown): AsicReport {
  if (!(error instanceof SignerError)) throw error;
  const isDigest = error.code === 'SIGNER_ASIC_DIGEST_MISMATCH';
  return {
    indication: 'TOTAL-FAILED',
    subIndication: isDigest ? 'HASH_FAILURE' : 'FORMAT_FAILURE',
    certificate: null,
    signerText: null,
    certificateSha256: null,
    manifestSha256: null,
    provenAt: null,
    files: [],
    detail: error.message,
  };
}
