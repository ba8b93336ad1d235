import { hash } from 'node:crypto';

import { signCms } from '../cms/sign.ts';
import { addSignatureTimeStamp } from '../cms/time-stamp.ts';
import { SignerError } from '../errors.ts';
import type { Signer } from '../keys/signer.ts';
import type { TimeStampSource } from '../tsp/source.ts';
import { type DigestCache, MANIFEST_NAME, SIGNATURE_NAME, matchEntries } from './container.ts';
import { type AsicLimits, DEFAULT_ASIC_LIMITS } from './limits.ts';
import { type ManifestEntry, readManifest, writeManifest } from './manifest.ts';
import { MAX_ASIC_ASSERTIONS, type OpenedAsic, openAsic } from './open.ts';
import { writeZip } from './zip-write.ts';

const ARCHIVE_MANIFEST_NAME = 'META-INF/ASiCArchiveManifest.xml';
const TIMESTAMP_NAME = 'META-INF/timestamp.tst';
const TIMESTAMP_MEDIA_TYPE = 'application/vnd.etsi.timestamp-token';
const SIGNATURE_MEDIA_TYPE = 'application/pkcs7-signature';

interface ExtendOptions {
  readonly compress?: boolean;
  readonly limits?: AsicLimits;
}

/**
 * Adds a signature to an ASiC-E container, beside those that are there. Their entries stay as they
 * are, byte for byte; none of them is verified here beyond its digests.
 *
 * The container is no package of the bus any more: those have exactly one signature.
 *
 * @param options.files - names of the files to sign; all of them by default.
 * @throws {@link SignerError} as `openAsic`; `SIGNER_INPUT_INVALID` for an unknown file or ASiC-S;
 *   whatever the signer throws.
 */
export async function addAsicSignature(
  container: Uint8Array,
  signer: Signer,
  options: ExtendOptions & {
    readonly files?: readonly string[];
    readonly timeStamps?: TimeStampSource;
    /** The time the signer claims. */
    readonly signedAt?: Date;
  } = {},
): Promise<Uint8Array> {
  const opened = openExtended(container, options.limits);
  const { files, entries } = opened;
  const names = options.files ?? [...files.keys()];
  if (names.length === 0) throw new SignerError('SIGNER_INPUT_INVALID', 'no file to sign');
  const signatureName = freeName(entries, SIGNATURE_NAME);
  const manifest = writeManifest({
    signatureName,
    entries: names.map((name) => entryOf(opened, name)),
  });
  const { timeStamps, signedAt } = options;
  const signature = await signCms({ content: manifest }, signer, { timeStamps, signedAt });
  return pack(opened, options, [
    [freeName(entries, MANIFEST_NAME), manifest],
    [signatureName, signature],
  ]);
}

/**
 * Adds a time-stamp over everything in an ASiC-E container: files, manifests, signatures and earlier
 * time-stamps, by an ASiCArchiveManifest (ETSI EN 319 162-1 §A.7). Repeated before the certificate of
 * the last time-stamp expires, it keeps the signatures provable. The newest archive manifest is
 * `ASiCArchiveManifest.xml`; the one before gets a number and is referred to as the root file.
 *
 * @param options.covers - `files` makes a time assertion over the files alone (§4.4.3.2), which says
 *   nothing about the signatures.
 * @throws {@link SignerError} as `openAsic`; `SIGNER_INPUT_INVALID` for ASiC-S; what the source throws.
 */
export async function addAsicTimeStamp(
  container: Uint8Array,
  timeStamps: TimeStampSource,
  options: ExtendOptions & { readonly covers?: 'everything' | 'files' } = {},
): Promise<Uint8Array> {
  const found = openExtended(container, options.limits);
  const isArchive = options.covers !== 'files';
  const opened = isArchive ? numberLastArchive(found) : found;
  const { files, entries, previous } = { previous: undefined, ...opened };
  const tokenName = freeName(entries, TIMESTAMP_NAME);
  const [, ...names] = isArchive ? entries.keys() : ['', ...files.keys()];
  const manifest = writeManifest({
    signatureName: tokenName,
    signatureMediaType: TIMESTAMP_MEDIA_TYPE,
    entries: names.map((name) => ({
      ...entryOf(opened, name),
      ...(name === previous && { isRoot: true }),
    })),
  });
  const name = timeStamps.hash ?? 'sha256';
  const token = await timeStamps.timeStamp(hash(name, manifest, 'buffer'), name);
  const manifestName = isArchive ? ARCHIVE_MANIFEST_NAME : freeName(entries, MANIFEST_NAME);
  return pack(opened, options, [
    [manifestName, manifest],
    [tokenName, token],
  ]);
}

/**
 * Gives every signature of an ASiC-E container a time-stamp of its own: CAdES B-B becomes B-T.
 *
 * @throws {@link SignerError} as {@link addAsicTimeStamp}; `SIGNER_INPUT_INVALID` when a time-stamp
 *   covers the signatures already: they must not change any more.
 */
export async function timeStampAsicSignatures(
  container: Uint8Array,
  timeStamps: TimeStampSource,
  options: ExtendOptions = {},
): Promise<Uint8Array> {
  const opened = openExtended(container, options.limits);
  const { assertions } = opened;
  const entries = new Map(opened.entries);
  for (const { kind, name, bytes } of assertions) {
    if (kind !== 'signature') continue;
    if (assertions.some(({ manifest }) => manifest?.entries.some((entry) => entry.name === name))) {
      throw new SignerError('SIGNER_INPUT_INVALID', `a time-stamp covers "${name}" already`, {
        details: { name },
      });
    }
    entries.set(name, await addSignatureTimeStamp(bytes, timeStamps));
  }
  return pack({ ...opened, entries }, options, []);
}

/** Opens what may be added to: ASiC-E whose files are those that its manifests state. */
function openExtended(container: Uint8Array, limits: AsicLimits | undefined): OpenedAsic {
  const opened = openAsic(container, limits);
  if (opened.form !== 'ASiC-E') {
    throw new SignerError('SIGNER_INPUT_INVALID', 'ASiC-S holds one signature or time-stamp only');
  }
  if (opened.assertions.length >= MAX_ASIC_ASSERTIONS) {
    throw new SignerError('SIGNER_ASIC_LIMIT', `more than ${MAX_ASIC_ASSERTIONS} manifests`);
  }
  const digests: DigestCache = new Map();
  for (const { manifest } of opened.assertions) {
    if (manifest !== null) matchEntries(manifest, opened.entries, digests);
  }
  return opened;
}

/** The archive manifest that was the newest gets a numbered name; nothing covers it by its old one. */
function numberLastArchive(opened: OpenedAsic): OpenedAsic & { readonly previous?: string } {
  if (!opened.entries.has(ARCHIVE_MANIFEST_NAME)) return opened;
  const previous = freeName(opened.entries, ARCHIVE_MANIFEST_NAME);
  const entries = new Map(
    Array.from(opened.entries, ([name, bytes]) => [
      name === ARCHIVE_MANIFEST_NAME ? previous : name,
      bytes,
    ]),
  );
  return { ...opened, entries, previous };
}

function entryOf({ entries, mediaTypes }: OpenedAsic, name: string): ManifestEntry {
  const bytes = entries.get(name);
  if (bytes === undefined || name === 'mimetype') {
    throw new SignerError('SIGNER_INPUT_INVALID', `the container has no file "${name}"`);
  }
  const mediaType = mediaTypes.get(name) ?? mediaTypeOf(name);
  return { name, mediaType, hash: 'sha256', digest: hash('sha256', bytes, 'buffer') };
}

function mediaTypeOf(name: string): string {
  if (name.endsWith('.p7s')) return SIGNATURE_MEDIA_TYPE;
  if (name.endsWith('.tst')) return TIMESTAMP_MEDIA_TYPE;
  return name.endsWith('.xml') ? 'text/xml' : 'application/octet-stream';
}

/** The name itself, or with the first number from 2 on that nobody has. */
function freeName(entries: ReadonlyMap<string, Uint8Array>, name: string): string {
  if (!entries.has(name)) return name;
  const dot = name.lastIndexOf('.');
  for (let number = 2; ; number += 1) {
    const numbered = `${name.slice(0, dot)}${String(number).padStart(3, '0')}${name.slice(dot)}`;
    if (!entries.has(numbered)) return numbered;
  }
}

/** Writes the container anew and makes sure that it can be opened. */
function pack(
  { entries }: Pick<OpenedAsic, 'entries'>,
  { compress = false, limits = DEFAULT_ASIC_LIMITS }: ExtendOptions,
  added: readonly (readonly [string, Uint8Array])[],
): Uint8Array {
  for (const [name, bytes] of added) if (name.endsWith('.xml')) readManifest(bytes);
  const all = [...entries, ...added].map(([name, bytes]) => ({ name, bytes }));
  const container = writeZip(all, compress);
  if (container.length > limits.maxContainerBytes || all.length > limits.maxEntries) {
    throw new SignerError('SIGNER_ASIC_LIMIT', 'the container would exceed its limits');
  }
  return container;
}
