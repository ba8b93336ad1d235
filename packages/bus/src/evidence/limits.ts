import { type AsicLimits, DEFAULT_ASIC_LIMITS } from '@congvan/signer';

/** Signed records of one evidence file: a thousand recipients with five receipts each fit. */
export const MAX_EVIDENCE_RECORDS = 8_000;
/** Signed directory entries: each agency that is named, with what it was listed as before. */
export const MAX_EVIDENCE_DIRECTORY = 4_000;
export const MAX_EVIDENCE_CERTIFICATES = 4_000;
/** Revocation lists and OCSP responses; each is looked at for each certificate of its issuer. */
export const MAX_EVIDENCE_LISTS = 512;
export const MAX_EVIDENCE_LIST_BYTES = 128 * 1024 * 1024;
/** Contents of the package that `--with-content` takes along: they pass through memory. */
export const MAX_EVIDENCE_CONTENT_BYTES = 256 * 1024 * 1024;
export const MAX_STATEMENT_BYTES = 8 * 1024 * 1024;

/** What an evidence file may hold, when it is written and when it is read. */
export const EVIDENCE_LIMITS: AsicLimits = {
  ...DEFAULT_ASIC_LIMITS,
  maxEntries: 20_000,
  maxManifestBytes: 8 * 1024 * 1024,
};
