import { SignerError } from '../errors.ts';
import {
  ASIC_E_MEDIA_TYPE,
  MANIFEST_PATTERN,
  SIGNATURE_PATTERN,
  checkDataName,
  checkManifestSize,
  readMimetype,
  malformed,
} from './container.ts';
import { type AsicLimits, DEFAULT_ASIC_LIMITS } from './limits.ts';
import { type AsicManifest, readManifest } from './manifest.ts';
import { META_FOLDER, MIMETYPE_NAME } from './names.ts';
import { readZip } from './zip-read.ts';

/** Media type of an ASiC-S container, content of its first entry. */
export const ASIC_S_MEDIA_TYPE = 'application/vnd.etsi.asic-s+zip';
/** Signatures and time-stamps of one container; more are refused. */
export const MAX_ASIC_ASSERTIONS = 64;

/** Other names that ETSI EN 319 162-1 §4.3.3 and §4.4.3 allow. */
const TIMESTAMP_PATTERN = /^META-INF\/[^/]*timestamp[^/]*\.tst$/;
const ARCHIVE_MANIFEST_PATTERN = /^META-INF\/ASiCArchiveManifest[^/]*\.xml$/;
/** What OpenDocument tools leave there; it says nothing that is signed. */
const IGNORED_NAME = 'META-INF/manifest.xml';

/** One signature or time-stamp, and what it is about. */
export interface AsicAssertion {
  readonly kind: 'signature' | 'timestamp';
  /** Entry with the CMS signature or the RFC 3161 token, and its bytes. */
  readonly name: string;
  readonly bytes: Uint8Array;
  /** What it is over: the manifest, or in ASiC-S the one file. */
  readonly signedName: string;
  readonly signed: Uint8Array;
  /** `null` in ASiC-S. */
  readonly manifest: AsicManifest | null;
  /** The manifest also covers signatures and time-stamps that were there before. */
  readonly isArchive: boolean;
}

/** A container whose parts are known; neither digests nor signatures were checked. */
export interface OpenedAsic {
  readonly form: 'ASiC-E' | 'ASiC-S';
  /** The files that it is for. */
  readonly files: ReadonlyMap<string, Uint8Array>;
  /** Media types that manifests state. */
  readonly mediaTypes: ReadonlyMap<string, string>;
  readonly assertions: readonly AsicAssertion[];
  /** All entries in the order of the ZIP, `mimetype` first. */
  readonly entries: ReadonlyMap<string, Uint8Array>;
}

/**
 * Opens an ASiC-E or ASiC-S container with CAdES signatures and time-stamps (ETSI EN 319 162-1 §4.3,
 * §4.4), any number of them. The ZIP is read as strictly as by `openAsicE`; every entry must be a
 * file, a manifest, or what a manifest names.
 *
 * @throws {@link SignerError} `SIGNER_ASIC_MALFORMED`, `SIGNER_ASIC_LIMIT`,
 *   `SIGNER_ASIC_NAME_INVALID`, `SIGNER_ASIC_MANIFEST_INVALID`.
 */
export function openAsic(
  container: Uint8Array,
  limits: AsicLimits = DEFAULT_ASIC_LIMITS,
): OpenedAsic {
  const zip = readZip(container, limits);
  const mimetype = readMimetype(zip);
  const entries = new Map(zip.map(({ name, bytes }) => [name, bytes]));
  const files = new Map<string, Uint8Array>();
  for (const [name, bytes] of entries) {
    if (name === MIMETYPE_NAME || name.startsWith(META_FOLDER)) continue;
    checkDataName(name, limits.maxNameBytes);
    files.set(name, bytes);
  }
  if (files.size === 0) malformed('the container has no file');
  switch (mimetype) {
    case ASIC_E_MEDIA_TYPE:
      return { form: 'ASiC-E', files, entries, ...readExtended(entries, limits) };
    case ASIC_S_MEDIA_TYPE:
      return { form: 'ASiC-S', files, entries, ...readSimple(entries, files, limits) };
    default:
      return malformed(`mimetype ${JSON.stringify(mimetype)}`);
  }
}

type Assertions = Pick<OpenedAsic, 'assertions' | 'mediaTypes'>;

/** ASiC-E: a manifest for each signature and time-stamp. */
function readExtended(entries: ReadonlyMap<string, Uint8Array>, limits: AsicLimits): Assertions {
  const isManifest = (name: string): boolean =>
    MANIFEST_PATTERN.test(name) || ARCHIVE_MANIFEST_PATTERN.test(name);
  const found = readManifests(entries, limits, isManifest);
  checkMetaFolder(entries, found.assertions);
  if (found.assertions.length === 0) malformed('the container has no ASiCManifest');
  return found;
}

/** The manifests with such names, and what they name. */
function readManifests(
  entries: ReadonlyMap<string, Uint8Array>,
  limits: AsicLimits,
  isManifest: (name: string) => boolean,
): Assertions {
  const assertions: AsicAssertion[] = [];
  const mediaTypes = new Map<string, string>();
  const named = new Set<string>();
  for (const [signedName, signed] of entries) {
    if (!isManifest(signedName)) continue;
    const isArchive = ARCHIVE_MANIFEST_PATTERN.test(signedName);
    checkManifestSize(signed, limits);
    const manifest = readManifest(signed);
    const { signatureName: name } = manifest;
    const bytes = entries.get(name);
    if (bytes === undefined || named.has(name)) {
      throw new SignerError(
        'SIGNER_ASIC_MANIFEST_INVALID',
        `"${signedName}" names "${name}", which ${named.has(name) ? 'another manifest names' : 'is missing'}`,
        { details: { name: signedName } },
      );
    }
    named.add(name);
    if (assertions.length >= MAX_ASIC_ASSERTIONS) {
      throw new SignerError('SIGNER_ASIC_LIMIT', `more than ${MAX_ASIC_ASSERTIONS} manifests`);
    }
    assertions.push({ kind: kindOf(name), name, bytes, signedName, signed, manifest, isArchive });
    for (const entry of manifest.entries) mediaTypes.set(entry.name, entry.mediaType);
  }
  return { assertions, mediaTypes };
}

function kindOf(name: string): AsicAssertion['kind'] {
  if (SIGNATURE_PATTERN.test(name)) return 'signature';
  if (TIMESTAMP_PATTERN.test(name)) return 'timestamp';
  return malformed(`"${name}" is neither a CAdES signature nor a time-stamp`);
}

/**
 * ASiC-S: one file, and one signature or time-stamp directly over it; then, to let that outlive its
 * certificate, archive manifests with time-stamps.
 */
function readSimple(
  entries: ReadonlyMap<string, Uint8Array>,
  files: ReadonlyMap<string, Uint8Array>,
  limits: AsicLimits,
): Assertions {
  const [file, ...moreFiles] = files;
  if (file === undefined || moreFiles.length > 0) malformed('ASiC-S holds exactly one file');
  const [signedName, signed] = file;
  const archives = readManifests(entries, limits, (name) => ARCHIVE_MANIFEST_PATTERN.test(name));
  if (archives.assertions.some(({ kind }) => kind !== 'timestamp')) {
    malformed('an archive manifest of ASiC-S names no time-stamp');
  }
  const archived = new Set(archives.assertions.map(({ name }) => name));
  const direct: AsicAssertion[] = [];
  for (const [name, bytes] of entries) {
    if (archived.has(name)) continue;
    if (!SIGNATURE_PATTERN.test(name) && !TIMESTAMP_PATTERN.test(name)) continue;
    const place = { signedName, signed, manifest: null, isArchive: false };
    direct.push({ kind: kindOf(name), name, bytes, ...place });
  }
  if (direct.length !== 1) {
    malformed('ASiC-S holds exactly one signature or time-stamp directly over its file');
  }
  const assertions = [...direct, ...archives.assertions];
  checkMetaFolder(entries, assertions);
  return { assertions, mediaTypes: archives.mediaTypes };
}

/** Nothing may hide beside the signatures. */
function checkMetaFolder(
  entries: ReadonlyMap<string, Uint8Array>,
  assertions: readonly AsicAssertion[],
): void {
  const known = new Set(assertions.flatMap(({ name, signedName }) => [name, signedName]));
  for (const name of entries.keys()) {
    if (name.startsWith(META_FOLDER) && name !== IGNORED_NAME && !known.has(name)) {
      malformed(`"${name}" belongs to no signature`);
    }
  }
}
