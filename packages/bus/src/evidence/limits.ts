import { type AsicLimits, DEFAULT_ASIC_LIMITS } from '@congvan/signer';

/**
 * Receipts of one recipient: the first of each status, then its newest. A recipient can sign them
 * without end, and must not keep anybody from making a file.
 */
export const MAX_RECEIPTS_OF_ONE = 16;
/** Signed records of one evidence file: all that is kept of a thousand recipients fits. */
export const MAX_EVIDENCE_RECORDS = 20_000;
/** Signed directory entries: each agency that is named, with what it was listed as before. */
export const MAX_EVIDENCE_DIRECTORY = 12_000;
export const MAX_EVIDENCE_CERTIFICATES = 12_000;
/** Revocation lists and OCSP responses; each is looked at for each certificate of its issuer. */
export const MAX_EVIDENCE_LISTS = 512;
export const MAX_EVIDENCE_LIST_BYTES = 128 * 1024 * 1024;
/** Contents of the package that `--with-content` takes along: they pass through memory. */
export const MAX_EVIDENCE_CONTENT_BYTES = 256 * 1024 * 1024;
export const MAX_EVIDENCE_ENTRIES = 48_000;
export const MAX_STATEMENT_BYTES = 24 * 1024 * 1024;

/** What an evidence file may hold, when it is written and when it is read. */
export const EVIDENCE_LIMITS: AsicLimits = {
  ...DEFAULT_ASIC_LIMITS,
  maxEntries: MAX_EVIDENCE_ENTRIES,
  maxManifestBytes: 24 * 1024 * 1024,
};
