import { createHash } from 'node:crypto';

import { signCms } from '../cms/sign.ts';
import { SignerError } from '../errors.ts';
import type { Signer } from '../keys/signer.ts';
import type { TimeStampSource } from '../tsp/source.ts';
import { type AsicLimits, DEFAULT_ASIC_LIMITS } from './limits.ts';
import { type AsicManifest, type ManifestEntry, readManifest, writeManifest } from './manifest.ts';
import { META_FOLDER, MIMETYPE_NAME, checkEntryName, nameKey } from './names.ts';
import { type ZipEntry, readZip } from './zip-read.ts';
import { writeZip } from './zip-write.ts';

/** Media type of an ASiC-E container, content of its first entry. */
export const ASIC_E_MEDIA_TYPE = 'application/vnd.etsi.asic-e+zip';
export const MANIFEST_NAME = 'META-INF/ASiCManifest.xml';
export const SIGNATURE_NAME = 'META-INF/signature.p7s';
/** Other names that ETSI EN 319 162-1 §4.4.3.2 allows. */
export const MANIFEST_PATTERN = /^META-INF\/ASiCManifest[^/]*\.xml$/;
export const SIGNATURE_PATTERN = /^META-INF\/[^/]*signature[^/]*\.p7s$/;
/** Read into memory at most, of a signature with all its evidence. */
const MAX_SIGNATURE_BYTES = 16 * 1024 * 1024;
const MEDIA_TYPE_PATTERN = /^[\w!#$&^.+-]+\/[\w!#$&^.+-]+(?:; ?[\w-]+=[\w.+-]+)*$/;

/** A file to pack. */
export interface AsicFile {
  /** Relative path with `/`; kept in Unicode NFC. */
  readonly name: string;
  readonly mediaType: string;
  readonly bytes: Uint8Array;
  /** Deflated where that makes it smaller. */
  readonly compress?: boolean;
}

export interface BuiltAsicE {
  readonly container: Uint8Array;
  readonly manifest: Uint8Array;
  /** SHA-256 of the manifest, lower hex: the package digest. */
  readonly manifestSha256: string;
  /** The detached CAdES signature over the manifest. */
  readonly signature: Uint8Array;
}

/** An opened container: every file has the digest that the manifest states. */
export interface OpenedAsicE {
  readonly files: ReadonlyMap<string, Uint8Array>;
  readonly mediaTypes: ReadonlyMap<string, string>;
  readonly manifest: Uint8Array;
  /** SHA-256 of the manifest, lower hex: the package digest. */
  readonly manifestSha256: string;
  /** The detached CAdES signature over the manifest; {@link openAsicE} does not check it. */
  readonly signature: Uint8Array;
}

/**
 * Packs files into an ASiC-E container with one CAdES signature (ETSI EN 319 162-1 §4.4). The ZIP
 * depends on files and signature alone: fixed times, fixed order, stored unless `compress` is set.
 *
 * @throws {@link SignerError} `SIGNER_ASIC_NAME_INVALID` for an unsafe or repeated name,
 *   `SIGNER_ASIC_LIMIT`, `SIGNER_INPUT_INVALID`, and whatever the signer throws.
 */
export async function buildAsicE(input: {
  readonly files: readonly AsicFile[];
  readonly signer: Signer;
  /** Gives the signature a time-stamp: CAdES B-T instead of B-B. */
  readonly timeStamps?: TimeStampSource;
  /** The time the signer claims: the baseline levels of CAdES ask for one. */
  readonly signedAt?: Date;
  readonly compress?: boolean;
  readonly limits?: AsicLimits;
}): Promise<BuiltAsicE> {
  const { limits = DEFAULT_ASIC_LIMITS } = input;
  const files = checkFiles(input.files, ({ bytes }) => bytes.length, limits);
  const manifest = writeManifest({
    signatureName: SIGNATURE_NAME,
    entries: files.map(({ name, mediaType, bytes }) => {
      const digest = createHash('sha256').update(bytes).digest();
      return { name, mediaType, hash: 'sha256', digest };
    }),
  });
  const { signer, timeStamps, signedAt } = input;
  const signature = await signCms({ content: manifest }, signer, { timeStamps, signedAt });
  const container = writeZip(
    [
      { name: MIMETYPE_NAME, bytes: Buffer.from(ASIC_E_MEDIA_TYPE) },
      ...files,
      { name: MANIFEST_NAME, bytes: manifest },
      { name: SIGNATURE_NAME, bytes: signature },
    ],
    input.compress ?? false,
  );
  return { container, manifest, manifestSha256: sha256Hex(manifest), signature };
}

/** Names, media types and sizes of what is to be packed; the names come back in NFC. */
export function checkFiles<T extends Pick<AsicFile, 'name' | 'mediaType'>>(
  files: readonly T[],
  sizeOf: (file: T) => number,
  limits: AsicLimits,
): T[] {
  const { maxEntries, maxNameBytes, maxFileBytes, maxTotalBytes } = limits;
  if (files.length === 0) {
    throw new SignerError('SIGNER_INPUT_INVALID', 'a container needs at least one file');
  }
  const keys = new Set<string>();
  let total = 0;
  for (const file of files) {
    const { name, mediaType } = file;
    checkDataName(name.normalize('NFC'), maxNameBytes);
    const key = nameKey(name);
    if (keys.has(key)) {
      throw new SignerError('SIGNER_ASIC_NAME_INVALID', `name "${name}" stands twice`, {
        details: { name },
      });
    }
    keys.add(key);
    if (!MEDIA_TYPE_PATTERN.test(mediaType)) {
      throw new SignerError('SIGNER_INPUT_INVALID', `"${mediaType}" is no media type`, {
        details: { name },
      });
    }
    const bytes = sizeOf(file);
    total += bytes;
    if (bytes > maxFileBytes || total > maxTotalBytes || keys.size > maxEntries - 3) {
      throw new SignerError('SIGNER_ASIC_LIMIT', `"${name}" exceeds the limits of a container`, {
        details: { name, bytes, maxFileBytes, maxTotalBytes, maxEntries },
      });
    }
  }
  return files.map((file) => ({ ...file, name: file.name.normalize('NFC') }));
}

export function checkDataName(name: string, maxNameBytes: number): void {
  checkEntryName(name, maxNameBytes);
  const key = nameKey(name);
  if (key === MIMETYPE_NAME || `${key}/`.startsWith(META_FOLDER.toLowerCase())) {
    throw new SignerError('SIGNER_ASIC_NAME_INVALID', `name "${name}" belongs to the container`, {
      details: { name },
    });
  }
}

export function sha256Hex(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

export function malformed(message: string): never {
  throw new SignerError('SIGNER_ASIC_MALFORMED', message);
}

/** A manifest that was read before, with the signature under {@link SIGNATURE_NAME}: an open part. */
export interface KnownManifest {
  readonly manifest: Uint8Array;
  readonly entries: readonly ManifestEntry[];
}

/**
 * Opens an ASiC-E container strictly: safe and unique names, sizes within limits, every file named
 * and digested in the manifest, and no other file. The signature is not checked here.
 *
 * @param known - a manifest of the same bytes is not parsed again.
 * @throws {@link SignerError} `SIGNER_ASIC_MALFORMED`, `SIGNER_ASIC_LIMIT`,
 *   `SIGNER_ASIC_NAME_INVALID`, `SIGNER_ASIC_MANIFEST_INVALID`, `SIGNER_ASIC_DIGEST_MISMATCH`.
 */
export function openAsicE(
  container: Uint8Array,
  limits: AsicLimits = DEFAULT_ASIC_LIMITS,
  known?: KnownManifest,
): OpenedAsicE {
  const found = new Map(readZip(container, limits).map(({ name, bytes }) => [name, bytes]));
  const read = (name: string): Uint8Array => found.get(name) ?? malformed(`no "${name}"`);
  const { parsed, manifest, signature, dataNames } = readParts(
    [...found.keys()],
    read,
    limits,
    known,
  );
  const data = new Map(dataNames.map((name) => [name, read(name)]));
  return {
    files: matchFiles(parsed, data),
    mediaTypes: new Map(parsed.entries.map(({ name, mediaType }) => [name, mediaType])),
    manifest,
    manifestSha256: sha256Hex(manifest),
    signature,
  };
}

/** What a container with one signature is made of; its files were not read. */
export interface AsicEParts {
  readonly parsed: AsicManifest;
  readonly manifest: Uint8Array;
  readonly signature: Uint8Array;
  readonly dataNames: readonly string[];
}

/**
 * Finds the parts of a container with one signature among its entries, whose order is that of the
 * file, and checks their names. The digests are the caller's to check.
 *
 * @param read - gives an entry; a limit of its own keeps what is not a file of the user's small.
 */
export function readParts(
  names: readonly string[],
  read: (name: string, maxBytes: number) => Uint8Array,
  limits: AsicLimits,
  known?: KnownManifest,
): AsicEParts {
  if (names[0] !== MIMETYPE_NAME) malformed('the first entry is not "mimetype"');
  const mimetype = mimetypeOf(read(MIMETYPE_NAME, limits.maxManifestBytes));
  if (mimetype !== ASIC_E_MEDIA_TYPE) malformed(`mimetype ${JSON.stringify(mimetype)}`);
  const manifestName = theOnly(names, MANIFEST_PATTERN, 'ASiCManifest');
  const signatureName = theOnly(names, SIGNATURE_PATTERN, 'signature (*.p7s)');
  const manifest = read(manifestName, limits.maxManifestBytes);
  const signature = read(signatureName, MAX_SIGNATURE_BYTES);
  checkManifestSize(manifest, limits);
  const isKnown = known !== undefined && Buffer.compare(known.manifest, manifest) === 0;
  const parsed = isKnown
    ? { signatureName: SIGNATURE_NAME, entries: known.entries }
    : readManifest(manifest);
  if (parsed.signatureName !== signatureName) {
    throw new SignerError(
      'SIGNER_ASIC_MANIFEST_INVALID',
      `the manifest names signature "${parsed.signatureName}" instead of "${signatureName}"`,
    );
  }
  const own = new Set([MIMETYPE_NAME, manifestName, signatureName]);
  const dataNames = names.filter((name) => !own.has(name));
  for (const name of dataNames) checkDataName(name, limits.maxNameBytes);
  return { parsed, manifest, signature, dataNames };
}

export function checkManifestSize(manifest: Uint8Array, limits: AsicLimits): void {
  if (manifest.length <= limits.maxManifestBytes) return;
  throw new SignerError('SIGNER_ASIC_LIMIT', `manifest of ${manifest.length} bytes`, {
    details: { bytes: manifest.length, maxBytes: limits.maxManifestBytes },
  });
}

/** Content of the first entry, which must be `mimetype`. */
export function readMimetype(entries: readonly ZipEntry[]): string {
  const [first] = entries;
  if (first?.name !== MIMETYPE_NAME) malformed('the first entry is not "mimetype"');
  return mimetypeOf(first.bytes);
}

function mimetypeOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.subarray(0, 100)).toString('latin1');
}

function theOnly(names: readonly string[], pattern: RegExp, what: string): string {
  const [name, ...others] = names.filter((candidate) => pattern.test(candidate));
  if (name === undefined) return malformed(`the container has no ${what}`);
  if (others.length > 0) malformed(`the container has more than one ${what}`);
  return name;
}

function matchFiles(
  manifest: AsicManifest,
  found: ReadonlyMap<string, Uint8Array>,
): ReadonlyMap<string, Uint8Array> {
  const files = matchEntries(manifest, found);
  requireAllNamed(manifest, found.keys());
  return files;
}

/** No file may stand beside those that the manifest names. */
export function requireAllNamed(manifest: AsicManifest, names: Iterable<string>): void {
  const named = new Set(manifest.entries.map(({ name }) => name));
  for (const name of names) {
    if (named.has(name)) continue;
    throw new SignerError(
      'SIGNER_ASIC_MANIFEST_INVALID',
      `"${name}" is in the container but not in the manifest`,
      { details: { name } },
    );
  }
}

/** Digests made so far, so that many manifests over the same large files cost no more than one. */
export type DigestCache = Map<string, Buffer>;

/** The files that a manifest names, each there once and with the digest it states. */
export function matchEntries(
  manifest: AsicManifest,
  found: ReadonlyMap<string, Uint8Array>,
  digests: DigestCache = new Map(),
): ReadonlyMap<string, Uint8Array> {
  const files = new Map<string, Uint8Array>();
  for (const entry of manifest.entries) {
    const { name, hash } = entry;
    const bytes = found.get(name);
    requireNamed(name, bytes !== undefined, files.has(name));
    if (bytes === undefined) continue;
    const key = `${hash} ${name}`;
    const actual = digests.get(key) ?? createHash(hash).update(bytes).digest();
    digests.set(key, actual);
    requireDigest(entry, actual);
    files.set(name, bytes);
  }
  return files;
}

/** What a manifest names must be there, and not have been named before. */
export function requireNamed(name: string, isThere: boolean, isRepeated: boolean): void {
  if (isThere && !isRepeated) return;
  throw new SignerError(
    'SIGNER_ASIC_MANIFEST_INVALID',
    isThere
      ? `the manifest names "${name}" twice`
      : `the manifest names "${name}", which is missing`,
    { details: { name } },
  );
}

export function requireDigest({ name, digest }: ManifestEntry, actual: Buffer): void {
  if (actual.equals(digest)) return;
  throw new SignerError(
    'SIGNER_ASIC_DIGEST_MISMATCH',
    `"${name}" is not the file that the manifest names`,
    { details: { name } },
  );
}
