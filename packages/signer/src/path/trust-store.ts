import { readFile, readdir, stat } from 'node:fs/promises';
import path from 'node:path';

import { SignerError } from '../errors.ts';
import { type Certificate, parseCertificates } from '../x509/certificate.ts';
import { type CertificateList, parseCrl } from '../x509/crl.ts';
import { type OcspResponse, parseOcspResponse } from '../revocation/ocsp.ts';
import { unique } from '../revocation/validation-data.ts';

/** What a verifier trusts and knows. Immutable: a new CRL or OCSP response makes a new store. */
export interface TrustStore {
  readonly anchors: readonly Certificate[];
  readonly intermediates: readonly Certificate[];
  readonly crls: readonly CertificateList[];
  readonly ocsps: readonly OcspResponse[];
  /** Anchors and intermediates by the name key of their subject. */
  readonly bySubject: ReadonlyMap<string, readonly Certificate[]>;
  /** CRLs by the name key of their issuer, newest first. */
  readonly crlsByIssuer: ReadonlyMap<string, readonly CertificateList[]>;
  /** OCSP responses by the serial numbers they speak of. */
  readonly ocspsBySerial: ReadonlyMap<string, readonly OcspResponse[]>;
  isAnchor(certificate: Certificate): boolean;
  /** True for the CRLs and OCSP responses of the store. */
  isOwn(signed: CertificateList | OcspResponse): boolean;
}

/** Makes a store from certificates, CRLs and OCSP responses; repeated ones are taken once. */
export function createTrustStore(input: {
  readonly anchors: readonly Certificate[];
  readonly intermediates?: readonly Certificate[];
  readonly crls?: readonly CertificateList[];
  readonly ocsps?: readonly OcspResponse[];
}): TrustStore {
  const anchors = unique(input.anchors);
  const anchorDigests = new Set(anchors.map(({ sha256 }) => sha256));
  const intermediates = unique(input.intermediates ?? []).filter(
    ({ sha256 }) => !anchorDigests.has(sha256),
  );
  const crls = [...unique(input.crls ?? [])].sort(newestCrlFirst);
  const ocsps = unique(input.ocsps ?? []);
  const own = new Set<unknown>([...crls, ...ocsps]);
  return {
    anchors,
    intermediates,
    crls,
    ocsps,
    bySubject: Map.groupBy([...anchors, ...intermediates], ({ subject }) => subject.key),
    crlsByIssuer: Map.groupBy(crls, ({ issuer }) => issuer.key),
    ocspsBySerial: groupOcsps(ocsps),
    isAnchor: (certificate) => anchorDigests.has(certificate.sha256),
    isOwn: (signed) => own.has(signed),
  };
}

/** An issuer, and when the last of its revocation lists ends. */
export interface EndOfLists {
  readonly issuer: string;
  readonly endsAt: Date;
}

/** For each issuer that has any: older lists may stay beside the newest. The first end comes first. */
export function endsOfLists(crls: readonly CertificateList[]): EndOfLists[] {
  return [...Map.groupBy(crls, ({ issuer }) => issuer.key).values()]
    .map((same) => ({
      issuer: same[0]?.issuerText ?? '',
      endsAt: new Date(Math.max(...same.map(({ nextUpdate }) => nextUpdate?.getTime() ?? 0))),
    }))
    .toSorted((a, b) => a.endsAt.getTime() - b.endsAt.getTime());
}

/** By time, then by number: two lists of one second differ in the number alone (RFC 5280 §5.2.3). */
export function newestCrlFirst(a: CertificateList, b: CertificateList): number {
  const byTime = Number(b.thisUpdate) - Number(a.thisUpdate);
  return byTime === 0 ? Number((b.number ?? 0n) - (a.number ?? 0n)) : byTime;
}

/** OCSP responses by each serial number they speak of. */
export function groupOcsps(
  ocsps: readonly OcspResponse[],
): ReadonlyMap<string, readonly OcspResponse[]> {
  const bySerial = new Map<string, OcspResponse[]>();
  for (const response of ocsps) {
    for (const serial of new Set(response.responses.map(({ certId }) => certId.serialNumber))) {
      const known = bySerial.get(serial);
      if (known === undefined) bySerial.set(serial, [response]);
      else known.push(response);
    }
  }
  return bySerial;
}

const CERTIFICATE_FILE = /\.(crt|pem|cer)$/i;
const CRL_FILE = /\.crl$/i;
const OCSP_FILE = /\.ors$/i;

/**
 * Reads a trust store from `anchors/` and `intermediates/` (`.crt`, `.pem`, `.cer`), `crls/` (`.crl`)
 * and `ocsps/` (`.ors`, DER) below a folder. Missing subfolders are empty; files with other endings
 * are left alone.
 *
 * @throws {@link SignerError} `SIGNER_TRUST_STORE_INVALID`, naming the file or folder that cannot be used.
 */
export async function loadTrustStore(folder: string): Promise<TrustStore> {
  // A slip in the name must not look like a folder in which nothing is trusted.
  if (!(await isFolder(folder))) throw unusable(folder, new Error('it is no folder'));
  const [anchors, intermediates, crls, ocsps] = await Promise.all([
    readAll(path.join(folder, 'anchors'), CERTIFICATE_FILE, parseCertificates),
    readAll(path.join(folder, 'intermediates'), CERTIFICATE_FILE, parseCertificates),
    readAll(path.join(folder, 'crls'), CRL_FILE, (bytes) => [parseCrl(bytes)]),
    readAll(path.join(folder, 'ocsps'), OCSP_FILE, (bytes) => [parseOcspResponse(bytes)]),
  ]);
  return createTrustStore({ anchors, intermediates, crls, ocsps });
}

async function isFolder(name: string): Promise<boolean> {
  try {
    return (await stat(name)).isDirectory();
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return false;
    throw unusable(name, error);
  }
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
