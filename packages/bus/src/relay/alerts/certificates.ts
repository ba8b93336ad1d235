import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { setImmediate } from 'node:timers/promises';

import { parseCertificate } from '@congvan/signer';

import type { AgencyCode } from '../../agency/code.ts';
import { certificatesOf, isOpenAt, type DirectoryEntry } from '../../directory/entry.ts';
import type { CertificateEnd } from './rules.ts';

const USES = ['node', 'seal', 'encryption'] as const;
/** Reading a certificate takes a moment; nothing else should wait for all of them. */
const ENTRIES_PER_TURN = 50;

/** When the certificates end that agencies, the relay and its HTTP server show. */
export async function readCertificateEnds(
  entries: Iterable<DirectoryEntry>,
  relay: AgencyCode,
  httpCertificate: string | undefined,
  now: Date,
): Promise<CertificateEnd[]> {
  const ends: CertificateEnd[] = [];
  let count = 0;
  for (const entry of entries) {
    count += 1;
    if (count % ENTRIES_PER_TURN === 0) await setImmediate();
    if (!isOpenAt(entry, now)) continue;
    for (const use of USES) {
      const end = latestEnd(entry, use);
      if (end === undefined) continue;
      const agency = entry.code === relay ? null : entry.code;
      ends.push({ owner: entry.code, agency, use, ...end });
    }
  }
  if (httpCertificate !== undefined) {
    const { validTo, fingerprint256 } = new X509Certificate(await readFile(httpCertificate));
    const sha256 = fingerprint256.replaceAll(':', '').toLowerCase();
    const end = { sha256, notAfterMs: Date.parse(validTo) };
    ends.push({ owner: relay, agency: null, use: 'http', ...end });
  }
  return ends;
}

/** Of one agency, with that of its broker connection, in Unix milliseconds. */
export function endsByUse(
  entry: DirectoryEntry | undefined,
  tlsEndsMs: number | undefined,
): ReadonlyMap<string, number> {
  const ends = new Map<string, number>();
  for (const use of USES) {
    const end = entry && latestEnd(entry, use);
    if (end !== undefined) ends.set(use, end.notAfterMs);
  }
  if (tlsEndsMs !== undefined) ends.set('tls', tlsEndsMs);
  return ends;
}

/** Old certificates stay listed beside the renewed one: the one that lasts longest counts. */
function latestEnd(
  entry: DirectoryEntry,
  use: (typeof USES)[number],
): { sha256: string; notAfterMs: number } | undefined {
  let latest: { sha256: string; notAfterMs: number } | undefined;
  for (const { sha256, der } of certificatesOf(entry, use)) {
    const notAfterMs = parseCertificate(der).notAfter.getTime();
    if (latest === undefined || notAfterMs > latest.notAfterMs) latest = { sha256, notAfterMs };
  }
  return latest;
}
