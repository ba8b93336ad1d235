import type { DirectoryEntry } from '@congvan/bus';
import { parseCertificate } from '@congvan/signer';

const WARNING_MS = 30 * 24 * 3_600_000;

/**
 * The agency's own certificate that ends first, when that is within 30 days. Of each use the one
 * that lasts longest counts: the old one of a renewed key may stand beside it.
 *
 * @param tlsEndsMs - the end of the TLS certificate, which no directory lists.
 */
export function expiringCertificate(
  own: DirectoryEntry | undefined,
  tlsEndsMs: number | undefined,
  nowMs: number,
): { readonly use: string; readonly expiresAt: string } | undefined {
  const ends = new Map<string, number>();
  for (const { use, der } of own?.certificates ?? []) {
    const endsMs = parseCertificate(Buffer.from(der, 'base64')).notAfter.getTime();
    ends.set(use, Math.max(ends.get(use) ?? 0, endsMs));
  }
  if (tlsEndsMs !== undefined) ends.set('tls', tlsEndsMs);
  return firstEnding(ends, nowMs);
}

/** Of certificates by their use, with their ends, the one that ends first, when that is within 30 days. */
export function firstEnding(
  ends: ReadonlyMap<string, number>,
  nowMs: number,
): { readonly use: string; readonly expiresAt: string } | undefined {
  const first = [...ends].toSorted(([, a], [, b]) => a - b)[0];
  if (first === undefined || first[1] - nowMs > WARNING_MS) return undefined;
  return { use: first[0], expiresAt: new Date(first[1]).toISOString() };
}
