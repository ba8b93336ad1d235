import type { DirectoryPayload } from '../record/payload.ts';

/** One agency as its registrar signed it. Times are RFC 3339 in UTC, certificates base64 DER. */
export type DirectoryEntry = DirectoryPayload;
export type CertificateUse = DirectoryEntry['certificates'][number]['use'];

/** A certificate of the directory with its fingerprint in lower hex. */
export interface ListedCertificate {
  readonly sha256: string;
  readonly der: Uint8Array;
}

/** Decoding base64 for each record would cost more than parsing it; entries never change. */
const decoded = new WeakMap<DirectoryEntry, Map<CertificateUse, readonly ListedCertificate[]>>();

/** Whether the agency exists at a time: validity is `[validFrom, validTo)`. */
export function isOpenAt(entry: DirectoryEntry, at: Date): boolean {
  const time = at.getTime();
  if (!(time >= Date.parse(entry.validFrom))) return false;
  return entry.validTo === null || time < Date.parse(entry.validTo);
}

/** The certificates that the entry lists for one use, in DER. */
export function certificatesOf(
  entry: DirectoryEntry,
  use: CertificateUse,
): readonly ListedCertificate[] {
  const known = decoded.get(entry) ?? new Map<CertificateUse, readonly ListedCertificate[]>();
  const found = known.get(use);
  if (found !== undefined) return found;
  const listed = entry.certificates
    .filter((certificate) => certificate.use === use)
    .map(({ sha256, der }) => ({ sha256, der: new Uint8Array(Buffer.from(der, 'base64')) }));
  known.set(use, listed);
  decoded.set(entry, known);
  return listed;
}

/** When the registrar signed the entry, in UTC milliseconds: its certificates are listed from then on. */
export function signedMs(entry: DirectoryEntry): number {
  return Date.parse(entry.signedAt ?? entry.validFrom);
}
