import { createHash } from 'node:crypto';
import { readFile, readdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { SignerError } from '../errors.ts';
import { isCrlSignedBy } from '../revocation/crl-signature.ts';
import { type CertificateList, parseCrl } from '../x509/crl.ts';
import type { TrustStore } from './trust-store.ts';

const NAME_DIGITS = 16;

/** The lists of a trust folder; what cannot be read is left to who put it there. */
async function readLists(folder: string): Promise<CertificateList[]> {
  const names = await readdir(folder).catch(() => []);
  const found = await Promise.all(
    names.map(async (name) => tryParse(await readFile(join(folder, name)))),
  );
  return found.filter((list) => list !== undefined);
}

/** SHA-256 of each list of a trust folder, lower hex. */
export async function knownLists(crls: string): Promise<string[]> {
  return (await readLists(crls)).map(({ sha256 }) => sha256);
}

/**
 * Keeps those lists that an authority of the trust store has signed and that are newer than what is
 * there from the same one. A later one takes the place of an earlier one that came the same way.
 *
 * @returns how many were kept.
 */
export async function keepLists(
  crls: string,
  received: readonly Uint8Array[],
  trust: TrustStore,
): Promise<number> {
  const known = await readLists(crls);
  let kept = 0;
  for (const bytes of received) {
    const list = tryParse(bytes);
    if (list === undefined || !isOfTrusted(list, trust)) continue;
    if (known.some((other) => isSameScope(other, list) && !isNewer(list, other))) continue;
    const path = join(crls, `bus-${nameOf(list)}.crl`);
    await writeFile(`${path}.new`, list.der, { mode: 0o644, flush: true });
    await rename(`${path}.new`, path);
    known.push(list);
    kept += 1;
  }
  return kept;
}

function isOfTrusted(list: CertificateList, trust: TrustStore): boolean {
  return [...trust.anchors, ...trust.intermediates].some((issuer) => isCrlSignedBy(list, issuer));
}

function isSameScope(a: CertificateList, b: CertificateList): boolean {
  return scopeOf(a) === scopeOf(b);
}

function isNewer(candidate: CertificateList, other: CertificateList): boolean {
  if (candidate.number !== undefined && other.number !== undefined) {
    return candidate.number > other.number;
  }
  return candidate.thisUpdate > other.thisUpdate;
}

/** Complete lists and deltas stand beside each other, as do those of the keys of one name. */
function scopeOf({ issuer, authorityKeyId, baseNumber }: CertificateList): string {
  const key = Buffer.from(authorityKeyId ?? []).toString('hex');
  return `${issuer.key} ${key} ${baseNumber === undefined ? 'complete' : 'delta'}`;
}

function nameOf(list: CertificateList): string {
  return createHash('sha256').update(scopeOf(list)).digest('hex').slice(0, NAME_DIGITS);
}

function tryParse(bytes: Uint8Array): CertificateList | undefined {
  try {
    return parseCrl(bytes);
  } catch (error) {
    if (error instanceof SignerError) return undefined;
    throw error;
  }
}
