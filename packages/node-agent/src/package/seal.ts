import {
  type Certificate,
  type Decryptor,
  type LongWork,
  type OpenPart,
  SignerError,
  matchesOpenPart,
  sealBytes,
  sealFile,
  unsealBytes,
  unsealFile,
} from '@congvan/signer';

import { type PackageContents, openContents } from './contents.ts';
import { type PackageSource, type WrittenPackage, writtenBytes } from './source.ts';

/** What a sealed package is bound to: nobody can present it as another package. */
function sealContext(packageDigest: string): Uint8Array {
  return Buffer.from(`congvan-package/1 ${packageDigest}`);
}

/**
 * Seals a package once for all its recipients (CMS AuthEnvelopedData). A package in memory is sealed
 * in memory; of a file the result is a file in `folder`, named by its SHA-256.
 *
 * @param options.recipients - their encryption certificates, and the sender's own if it shall open it.
 * @throws SignerError `SIGNER_INPUT_INVALID` for a certificate that is not for encryption,
 *   `SIGNER_ALGORITHM_UNSUPPORTED`; system errors of the files as they come.
 */
export async function sealPackage(
  source: PackageSource,
  options: LongWork & {
    readonly recipients: readonly Certificate[];
    readonly packageDigest: string;
    readonly folder: string;
  },
): Promise<WrittenPackage> {
  const { recipients, packageDigest, folder, ...work } = options;
  const context = sealContext(packageDigest);
  if (source instanceof Uint8Array) return writtenBytes(sealBytes(source, { recipients, context }));
  const target = { folder };
  const written = await sealFile(source.path, target, { recipients, context, ...work });
  const { path, bytes, sha256 } = written;
  return { source: { path }, bytes, sha256 };
}

/** A package that came out of its seal and is the one that its record and open part name. */
export interface OpenedPackage {
  readonly container: WrittenPackage;
  /** Close it when its files were looked at. */
  readonly contents: PackageContents;
}

/** Why a sealed package was not opened; each is a finding of the bus. */
export interface PackageFault {
  readonly finding:
    'CONTENT_CORRUPT' | 'SEAL_UNREADABLE' | 'PACKAGE_MALFORMED' | 'PACKAGE_DIGEST_MISMATCH';
  readonly detail: string;
  /** What came out of the seal all the same; a file of it is for the caller to remove. */
  readonly opened?: WrittenPackage;
}

/**
 * Opens a sealed package and checks that it is the one that the record names and the open part
 * shows: sealed bytes, seal, container, every file's digest, manifest and signature. What is in
 * memory is opened in memory, a file into a file of `folder`, named by its SHA-256.
 *
 * The signature over the manifest is that of the open part, which the caller has verified.
 *
 * @returns a fault when the sender is to blame.
 * @throws SignerError when the own key cannot be used; system errors of the files as they come.
 */
export async function openPackage(
  sealed: PackageSource,
  options: LongWork & {
    readonly decryptor: Decryptor;
    readonly packageDigest: string;
    readonly sealed: { readonly sha256: string; readonly bytes: number };
    readonly openPart: OpenPart;
    readonly folder: string;
  },
): Promise<OpenedPackage | PackageFault> {
  const { packageDigest, openPart, ...work } = options;
  if (openPart.manifestSha256 !== packageDigest) {
    const detail = `the open part is of ${openPart.manifestSha256}, the record says ${packageDigest}`;
    return { finding: 'PACKAGE_DIGEST_MISMATCH', detail };
  }
  const container = await unseal(sealed, { ...work, packageDigest });
  if ('finding' in container) return container;
  let contents: PackageContents;
  try {
    contents = await openContents(container.source, { ...work, openPart, check: true });
  } catch (error) {
    if (!(error instanceof SignerError)) throw error;
    return { finding: 'PACKAGE_MALFORMED', detail: error.message, opened: container };
  }
  if (matchesOpenPart(contents, openPart)) return { container, contents };
  await contents.close();
  const detail = 'the sealed package is not the one whose open part was shown';
  return { finding: 'PACKAGE_DIGEST_MISMATCH', detail, opened: container };
}

/** What the sender, or the way, did to the sealed bytes; the rest is the own key's trouble. */
const SENDER_FAULTS: ReadonlySet<string> = new Set([
  'SIGNER_SEAL_MALFORMED',
  'SIGNER_SEAL_NOT_RECIPIENT',
  'SIGNER_SEAL_TAMPERED',
  'SIGNER_ALGORITHM_UNSUPPORTED',
]);

async function unseal(
  source: PackageSource,
  options: Omit<Parameters<typeof openPackage>[1], 'openPart'>,
): Promise<WrittenPackage | PackageFault> {
  const { decryptor, packageDigest, sealed, folder, signal, onProgress } = options;
  const context = sealContext(packageDigest);
  try {
    if (source instanceof Uint8Array) {
      const found = writtenBytes(source);
      if (found.sha256 !== sealed.sha256 || found.bytes !== sealed.bytes) {
        const detail = `${found.bytes} sealed bytes with SHA-256 ${found.sha256}, the record says ${sealed.bytes} with ${sealed.sha256}`;
        return { finding: 'CONTENT_CORRUPT', detail };
      }
      return writtenBytes(await unsealBytes(source, { decryptor, context }));
    }
    const { written } = await unsealFile(
      source.path,
      { folder },
      {
        decryptor,
        context,
        expected: sealed,
        ...(signal && { signal }),
        ...(onProgress && { onProgress }),
      },
    );
    const { path, bytes, sha256 } = written;
    return { source: { path }, bytes, sha256 };
  } catch (error) {
    if (!(error instanceof SignerError) || !SENDER_FAULTS.has(error.code)) throw error;
    return { finding: 'SEAL_UNREADABLE', detail: error.message };
  }
}
