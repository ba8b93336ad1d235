import { SignerError } from '../errors.ts';
import {
  ASIC_E_MEDIA_TYPE,
  MANIFEST_NAME,
  SIGNATURE_NAME,
  checkDataName,
  matchEntries,
  malformed,
  readMimetype,
  sha256Hex,
} from './container.ts';
import type { AsicLimits } from './limits.ts';
import { type ManifestEntry, readManifest } from './manifest.ts';
import { MIMETYPE_NAME } from './names.ts';
import { type AsicReport, type VerifyAsicEOptions, failedReport, reportOn } from './verify.ts';
import { readZip } from './zip-read.ts';
import { writeZip } from './zip-write.ts';

/** An open part larger than this is refused, when writing and when reading. */
export const MAX_OPEN_PART_BYTES = 512 * 1024;

/** An open part is read within these: it holds what everybody may see, never a document. */
const OPEN_PART_LIMITS: AsicLimits = {
  maxContainerBytes: MAX_OPEN_PART_BYTES,
  maxEntries: 16,
  maxFileBytes: MAX_OPEN_PART_BYTES,
  maxTotalBytes: MAX_OPEN_PART_BYTES,
  maxRatio: 1,
  maxNameBytes: 255,
  maxManifestBytes: MAX_OPEN_PART_BYTES,
};

/** What of a container travels in the clear while its files are sealed. */
export interface OpenPart {
  /** The files that stand open, such as the header; each has the digest that the manifest states. */
  readonly files: ReadonlyMap<string, Uint8Array>;
  /** All files of the container, sealed ones too, as the manifest names them. */
  readonly entries: readonly ManifestEntry[];
  readonly manifest: Uint8Array;
  /** SHA-256 of the manifest, lower hex: the package digest. */
  readonly manifestSha256: string;
  /** The detached CAdES signature over the manifest; {@link readOpenPart} does not check it. */
  readonly signature: Uint8Array;
}

/**
 * Writes the open part of an ASiC-E container: a stored ZIP with `mimetype`, the files that may be
 * seen, manifest and signature, each byte for byte as in the container. The same parts give the same
 * bytes, so that it can be named by its SHA-256.
 *
 * @throws {@link SignerError} `SIGNER_ASIC_LIMIT` beyond {@link MAX_OPEN_PART_BYTES}.
 */
export function writeOpenPart(part: {
  readonly files: Iterable<readonly [name: string, bytes: Uint8Array]>;
  readonly manifest: Uint8Array;
  readonly signature: Uint8Array;
}): Uint8Array {
  const zip = writeZip(
    [
      { name: MIMETYPE_NAME, bytes: Buffer.from(ASIC_E_MEDIA_TYPE) },
      ...Array.from(part.files, ([name, bytes]) => ({ name, bytes })),
      { name: MANIFEST_NAME, bytes: part.manifest },
      { name: SIGNATURE_NAME, bytes: part.signature },
    ],
    false,
  );
  if (zip.length <= MAX_OPEN_PART_BYTES) return zip;
  throw new SignerError('SIGNER_ASIC_LIMIT', `an open part of ${zip.length} bytes`, {
    details: { bytes: zip.length, maxBytes: MAX_OPEN_PART_BYTES },
  });
}

/**
 * Reads an open part. Only the bytes that {@link writeOpenPart} would write are accepted: nothing can
 * hide in the ZIP, and two open parts of the same container are the same bytes. The signature is not
 * checked here.
 *
 * @throws {@link SignerError} `SIGNER_ASIC_MALFORMED`, `SIGNER_ASIC_LIMIT`,
 *   `SIGNER_ASIC_NAME_INVALID`, `SIGNER_ASIC_MANIFEST_INVALID`, `SIGNER_ASIC_DIGEST_MISMATCH`.
 */
export function readOpenPart(bytes: Uint8Array): OpenPart {
  const zip = readZip(bytes, OPEN_PART_LIMITS);
  if (readMimetype(zip) !== ASIC_E_MEDIA_TYPE) malformed('the open part is of another media type');
  const found = new Map(zip.map((entry) => [entry.name, entry.bytes]));
  const manifest = found.get(MANIFEST_NAME) ?? malformed('the open part has no manifest');
  const signature = found.get(SIGNATURE_NAME) ?? malformed('the open part has no signature');
  for (const name of [MIMETYPE_NAME, MANIFEST_NAME, SIGNATURE_NAME]) found.delete(name);
  for (const name of found.keys()) checkDataName(name, OPEN_PART_LIMITS.maxNameBytes);
  const { signatureName, entries } = readManifest(manifest);
  if (signatureName !== SIGNATURE_NAME) malformed(`the manifest names "${signatureName}"`);
  checkEntries(entries);
  const shown = entries.filter(({ name }) => found.has(name));
  const files = matchEntries({ signatureName, entries: shown }, found);
  const unnamed = [...found.keys()].find((name) => !files.has(name));
  if (unnamed !== undefined) malformed(`the manifest does not name "${unnamed}"`);
  if (Buffer.compare(writeOpenPart({ files, manifest, signature }), bytes) !== 0) {
    malformed('the open part is not written as it should be');
  }
  return { files, entries, manifest, manifestSha256: sha256Hex(manifest), signature };
}

/** Names of files that are not here cannot be looked up: they are checked as names. */
function checkEntries(entries: readonly ManifestEntry[]): void {
  const names = new Set<string>();
  for (const { name } of entries) {
    checkDataName(name, OPEN_PART_LIMITS.maxNameBytes);
    if (names.has(name)) malformed(`the manifest names "${name}" twice`);
    names.add(name);
  }
}

/**
 * Verifies the signature over the manifest of an open part, with its certificate path and revocation
 * at `options.at`: the verdict of `verifyAsicE` before the files are there. The sealed files have
 * size 0 in the report. What is wrong with the open part is a result too.
 */
export function verifyOpenPart(
  openPart: Uint8Array | OpenPart,
  options: Omit<VerifyAsicEOptions, 'limits'>,
): AsicReport {
  let part: OpenPart;
  try {
    part = openPart instanceof Uint8Array ? readOpenPart(openPart) : openPart;
  } catch (error) {
    return failedReport(error);
  }
  const files = part.entries.map(({ name, mediaType }) => ({
    name,
    mediaType,
    bytes: part.files.get(name)?.length ?? 0,
  }));
  return reportOn(part, files, options);
}

/**
 * Whether a container is the one that an open part was shown for: the same manifest and the same
 * signature, byte for byte. Its files then have the digests that both state.
 */
export function matchesOpenPart(
  container: { readonly manifest: Uint8Array; readonly signature: Uint8Array },
  part: OpenPart,
): boolean {
  return (
    Buffer.compare(container.manifest, part.manifest) === 0 &&
    Buffer.compare(container.signature, part.signature) === 0
  );
}
