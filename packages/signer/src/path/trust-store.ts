import { readFile, readdir } from 'node:fs/promises';
import path from 'node:path';

import { SignerError } from '../errors.ts';
import { type Certificate, parseCertificates } from '../x509/certificate.ts';
import { type CertificateList, parseCrl } from '../x509/crl.ts';

/** What a verifier trusts and knows. Immutable: a new list of CRLs makes a new store. */
export interface TrustStore {
  readonly anchors: readonly Certificate[];
  readonly intermediates: readonly Certificate[];
  readonly crls: readonly CertificateList[];
  /** Anchors and intermediates by the name key of their subject. */
  readonly bySubject: ReadonlyMap<string, readonly Certificate[]>;
  /** CRLs by the name key of their issuer, newest first. */
  readonly crlsByIssuer: ReadonlyMap<string, readonly CertificateList[]>;
  isAnchor(certificate: Certificate): boolean;
}

/** Makes a store from certificates and CRLs; repeated ones are taken once. */
export function createTrustStore(input: {
  readonly anchors: readonly Certificate[];
  readonly intermediates?: readonly Certificate[];
  readonly crls?: readonly CertificateList[];
}): TrustStore {
  const anchors = unique(input.anchors);
  const anchorDigests = new Set(anchors.map(({ sha256 }) => sha256));
  const intermediates = unique(input.intermediates ?? []).filter(
    ({ sha256 }) => !anchorDigests.has(sha256),
  );
  const crls = unique(input.crls ?? []).sort(newestFirst);
  return {
    anchors,
    intermediates,
    crls,
    bySubject: Map.groupBy([...anchors, ...intermediates], ({ subject }) => subject.key),
    crlsByIssuer: Map.groupBy(crls, ({ issuer }) => issuer.key),
    isAnchor: (certificate) => anchorDigests.has(certificate.sha256),
  };
}

/** By time, then by number: two lists of one second differ in the number alone (RFC 5280 §5.2.3). */
function newestFirst(a: CertificateList, b: CertificateList): number {
  const byTime = Number(b.thisUpdate) - Number(a.thisUpdate);
  return byTime === 0 ? Number((b.number ?? 0n) - (a.number ?? 0n)) : byTime;
}

function unique<T extends { readonly sha256: string }>(items: readonly T[]): T[] {
  return [...new Map(items.map((item) => [item.sha256, item])).values()];
}

const CERTIFICATE_FILE = /\.(crt|pem|cer)$/i;
const CRL_FILE = /\.crl$/i;

/**
 * Reads a trust store from `anchors/` and `intermediates/` (`.crt`, `.pem`, `.cer`) and `crls/`
 * (`.crl`) below a folder. Missing subfolders are empty; files with other endings are left alone.
 *
 * @throws {@link SignerError} `SIGNER_TRUST_STORE_INVALID`, naming the file that cannot be used.
 */
export async function loadTrustStore(folder: string): Promise<TrustStore> {
  const [anchors, intermediates, crls] = await Promise.all([
    readAll(path.join(folder, 'anchors'), CERTIFICATE_FILE, parseCertificates),
    readAll(path.join(folder, 'intermediates'), CERTIFICATE_FILE, parseCertificates),
    readAll(path.join(folder, 'crls'), CRL_FILE, (bytes) => [parseCrl(bytes)]),
  ]);
  return createTrustStore({ anchors, intermediates, crls });
}

async function readAll<T>(
  folder: string,
  pattern: RegExp,
  parse: (bytes: Uint8Array) => readonly T[],
): Promise<T[]> {
  let names: string[];
  try {
    names = (await readdir(folder)).filter((name) => pattern.test(name)).sort();
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return [];
    throw unusable(folder, cause);
  }
  const items: T[] = [];
  for (const name of names) {
    const file = path.join(folder, name);
    try {
      items.push(...parse(await readFile(file)));
    } catch (cause) {
      throw unusable(file, cause);
    }
  }
  return items;
}

function unusable(file: string, cause: unknown): SignerError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new SignerError('SIGNER_TRUST_STORE_INVALID', `'${file}' cannot be used: ${reason}`, {
    cause,
    details: { file },
  });
}
