import { createHash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';

import { type LongWork, discard } from '../disk/pieces.ts';
import { SignerError } from '../errors.ts';
import {
  type AsicEParts,
  readParts,
  requireAllNamed,
  requireDigest,
  requireNamed,
  sha256Hex,
} from './container.ts';
import { type AsicLimits, FILE_ASIC_LIMITS } from './limits.ts';
import type { ManifestEntry } from './manifest.ts';
import { type RandomAccess, accessFile } from './random-access.ts';
import { type AsicReport, type VerifyAsicEOptions, failedReport, reportOn } from './verify.ts';
import { type ZipMember, readMember, readMembers } from './zip-read.ts';
import { streamMember } from './zip-stream.ts';

/** A file of a container, as the manifest names it. */
export interface AsicFileEntry {
  readonly name: string;
  readonly mediaType: string;
  readonly bytes: number;
}

interface OpenedEntry {
  readonly named: ManifestEntry;
  readonly member: ZipMember;
}

/**
 * An ASiC-E container in a file, opened without reading its files. Names, headers, sizes and manifest
 * were checked as by `openAsicE`; each file's checksum and digest are checked whenever it is read.
 */
export class AsicEFile implements AsyncDisposable {
  readonly manifest: Uint8Array;
  /** SHA-256 of the manifest, lower hex: the package digest. */
  readonly manifestSha256: string;
  /** The detached CAdES signature over the manifest; {@link verifyAsicEFile} checks it. */
  readonly signature: Uint8Array;
  readonly entries: readonly AsicFileEntry[];
  readonly #handle: FileHandle;
  readonly #zip: RandomAccess;
  readonly #entries: ReadonlyMap<string, OpenedEntry>;

  /** @internal Use {@link openAsicEFile}. */
  constructor(
    handle: FileHandle,
    zip: RandomAccess,
    parts: AsicEParts,
    entries: ReadonlyMap<string, OpenedEntry>,
  ) {
    this.#handle = handle;
    this.#zip = zip;
    this.#entries = entries;
    this.manifest = parts.manifest;
    this.manifestSha256 = sha256Hex(parts.manifest);
    this.signature = parts.signature;
    this.entries = Array.from(entries.values(), ({ named: { name, mediaType }, member }) => {
      return { name, mediaType, bytes: member.unpackedBytes };
    });
  }

  /**
   * A file in memory.
   *
   * @throws {@link SignerError} `SIGNER_ASIC_LIMIT` beyond `maxBytes`, `SIGNER_ASIC_DIGEST_MISMATCH`,
   *   `SIGNER_ASIC_MALFORMED`.
   */
  async read(name: string, { maxBytes }: { readonly maxBytes: number }): Promise<Uint8Array> {
    const { named, member } = this.#find(name);
    requireSize(member, maxBytes);
    if (member.isDeflated) {
      const bytes = readMember(this.#zip, member);
      requireDigest(named, createHash(named.hash).update(bytes).digest());
      return bytes;
    }
    const whole = Buffer.allocUnsafeSlow(member.unpackedBytes);
    let at = 0;
    for await (const piece of this.stream(name)) {
      whole.set(piece, at);
      at += piece.length;
      discard(piece);
    }
    return whole;
  }

  /**
   * A file in pieces of at most 1 MiB, each a buffer of its own. Only the end of the stream says that
   * all of it is what the manifest names: it throws there otherwise.
   *
   * @throws {@link SignerError} `SIGNER_ASIC_DIGEST_MISMATCH`, `SIGNER_ASIC_MALFORMED`.
   */
  async *stream(name: string, signal?: AbortSignal): AsyncGenerator<Uint8Array, void, undefined> {
    const { named, member } = this.#find(name);
    const hash = createHash(named.hash);
    for await (const piece of streamMember(this.#handle, member, signal)) {
      hash.update(piece);
      yield piece;
    }
    requireDigest(named, hash.digest());
  }

  /**
   * Reads every file once and checks it against the manifest.
   *
   * @throws {@link SignerError} `SIGNER_ASIC_DIGEST_MISMATCH`, `SIGNER_ASIC_MALFORMED`.
   */
  async checkFiles({ signal, onProgress }: LongWork = {}): Promise<void> {
    let done = 0;
    for (const name of this.#entries.keys()) {
      for await (const piece of this.stream(name, signal)) {
        done += piece.length;
        discard(piece);
        onProgress?.(done);
      }
    }
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #find(name: string): OpenedEntry {
    const entry = this.#entries.get(name);
    if (entry !== undefined) return entry;
    throw new SignerError('SIGNER_INPUT_INVALID', `the container has no file "${name}"`);
  }
}

/**
 * Opens an ASiC-E container on disk as strictly as `openAsicE` opens one in memory, reading no more
 * than headers, manifest and signature. Close it when done.
 *
 * @throws {@link SignerError} `SIGNER_ASIC_MALFORMED`, `SIGNER_ASIC_LIMIT`,
 *   `SIGNER_ASIC_NAME_INVALID`, `SIGNER_ASIC_MANIFEST_INVALID`; system errors of the file.
 */
export async function openAsicEFile(
  path: string,
  limits: AsicLimits = FILE_ASIC_LIMITS,
): Promise<AsicEFile> {
  const handle = await open(path, 'r');
  try {
    const zip = accessFile(handle.fd, (await handle.stat()).size);
    const members = new Map(readMembers(zip, limits).map((member) => [member.name, member]));
    const read = (name: string, maxBytes: number): Uint8Array => {
      const member = members.get(name);
      if (member === undefined) throw new SignerError('SIGNER_ASIC_MALFORMED', `no "${name}"`);
      requireSize(member, maxBytes);
      return readMember(zip, member);
    };
    const parts = readParts([...members.keys()], read, limits);
    const files = new Map<string, OpenedEntry>();
    const dataNames = new Set(parts.dataNames);
    for (const named of parts.parsed.entries) {
      const member = dataNames.has(named.name) ? members.get(named.name) : undefined;
      requireNamed(named.name, member !== undefined, files.has(named.name));
      if (member !== undefined) files.set(named.name, { named, member });
    }
    requireAllNamed(parts.parsed, parts.dataNames);
    return new AsicEFile(handle, zip, parts, files);
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/**
 * Verifies an ASiC-E container on disk in flat memory: the verdict of `verifyAsicE`.
 *
 * @throws system errors of the file; the signal's own reason.
 */
export async function verifyAsicEFile(
  path: string,
  options: VerifyAsicEOptions & LongWork,
): Promise<AsicReport> {
  try {
    await using opened = await openAsicEFile(path, options.limits);
    await opened.checkFiles(options);
    return reportOn(opened, opened.entries, options);
  } catch (error) {
    return failedReport(error);
  }
}

function requireSize({ name, unpackedBytes, packedBytes }: ZipMember, maxBytes: number): void {
  if (unpackedBytes <= maxBytes && packedBytes <= maxBytes) return;
  throw new SignerError('SIGNER_ASIC_LIMIT', `"${name}" is larger than ${maxBytes} bytes`, {
    details: { name, bytes: unpackedBytes, maxBytes },
  });
}
