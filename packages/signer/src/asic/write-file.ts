import { open } from 'node:fs/promises';

import { signCms } from '../cms/sign.ts';
import {
  type FileSurvey,
  type LongWork,
  Survey,
  readPieces,
  surveyBytes,
  surveyFile,
} from '../disk/pieces.ts';
import { type WriteTarget, type WrittenFile, writeWhole } from '../disk/write-whole.ts';
import { SignerError } from '../errors.ts';
import type { Signer } from '../keys/signer.ts';
import type { TimeStampSource } from '../tsp/source.ts';
import {
  ASIC_E_MEDIA_TYPE,
  type AsicFile,
  type BuiltAsicE,
  MANIFEST_NAME,
  SIGNATURE_NAME,
  checkFiles,
  sha256Hex,
} from './container.ts';
import { FILE_ASIC_LIMITS } from './limits.ts';
import { writeManifest } from './manifest.ts';
import { MIMETYPE_NAME } from './names.ts';
import { ZipLayout, writeEntry } from './zip-write.ts';

const COPY_BYTES = 1024 * 1024;

/** A file to pack: bytes, or a path that is read piece by piece. */
export interface AsicSourceFile extends Pick<AsicFile, 'name' | 'mediaType'> {
  readonly source: Uint8Array | { readonly path: string };
  /** What `surveyFile` found when the file was first looked at; it is read for that otherwise. */
  readonly survey?: FileSurvey;
  /** Deflates bytes in memory where that makes them smaller; a path is always stored. */
  readonly compress?: boolean;
}

/** A container that was written to a file. */
export interface WrittenAsicE extends Omit<BuiltAsicE, 'container'>, WrittenFile {}

interface Surveyed extends AsicSourceFile {
  readonly survey: FileSurvey;
}

/**
 * Packs files into an ASiC-E container on disk, byte for byte what `buildAsicE` gives for the same
 * files and signature, in flat memory: up to 4 GiB, where a ZIP would need Zip64. Each file is read
 * twice, for its digest and to copy it; it must not change in between. The target appears when it is
 * complete; with a folder as target its name is its SHA-256.
 *
 * @param input.onProgress - called with the bytes of the files that were copied.
 * @throws {@link SignerError} as `buildAsicE`; `SIGNER_FILE_CHANGED`; system errors of the files.
 */
export async function writeAsicEFile(
  target: WriteTarget,
  input: LongWork & {
    readonly files: readonly AsicSourceFile[];
    readonly signer: Signer;
    /** Gives the signature a time-stamp: CAdES B-T instead of B-B. */
    readonly timeStamps?: TimeStampSource;
    /** The time the signer claims. */
    readonly signedAt?: Date;
  },
): Promise<WrittenAsicE> {
  const { signer, timeStamps, signedAt, signal, onProgress } = input;
  const surveyed: Surveyed[] = [];
  for (const file of input.files) {
    surveyed.push({ ...file, survey: await surveyOf(file, signal) });
  }
  const files = checkFiles(surveyed, ({ survey }) => survey.bytes, FILE_ASIC_LIMITS);
  const manifest = writeManifest({
    signatureName: SIGNATURE_NAME,
    entries: files.map(({ name, mediaType, survey }) => {
      return { name, mediaType, hash: 'sha256', digest: Buffer.from(survey.sha256, 'hex') };
    }),
  });
  const signature = await signCms({ content: manifest }, signer, { timeStamps, signedAt });
  const chunks = containerChunks(files, manifest, signature, {
    ...(signal && { signal }),
    ...(onProgress && { onProgress }),
  });
  const written = await writeWhole(target, 0o600, chunks);
  return { ...written, manifest, manifestSha256: sha256Hex(manifest), signature };
}

async function surveyOf(
  { source, survey }: AsicSourceFile,
  signal: AbortSignal | undefined,
): Promise<FileSurvey> {
  if (survey !== undefined) return survey;
  if (source instanceof Uint8Array) return surveyBytes(source);
  return surveyFile(source.path, signal && { signal });
}

/** The container from front to back, in chunks that the writer may use up. */
async function* containerChunks(
  files: readonly Surveyed[],
  manifest: Uint8Array,
  signature: Uint8Array,
  { signal, onProgress }: LongWork,
): AsyncGenerator<Uint8Array> {
  const layout = new ZipLayout();
  const small = (name: string, bytes: Uint8Array, compress = false): Uint8Array =>
    Buffer.concat(writeEntry(layout, { name, bytes, compress }));
  yield small(MIMETYPE_NAME, Buffer.from(ASIC_E_MEDIA_TYPE));
  let done = 0;
  for (const { name, source, survey, compress } of files) {
    if (compress === true && source instanceof Uint8Array) {
      yield small(name, source, true);
      done += source.length;
      onProgress?.(done);
      continue;
    }
    yield layout.header({ name, ...survey });
    const seen = new Survey();
    for await (const piece of piecesOf(source, survey.bytes, signal)) {
      seen.add(piece);
      done += piece.length;
      yield piece;
      onProgress?.(done);
    }
    const { bytes, sha256 } = seen.end();
    if (bytes !== survey.bytes || sha256 !== survey.sha256) changed(name);
  }
  yield small(MANIFEST_NAME, manifest);
  yield small(SIGNATURE_NAME, signature);
  yield layout.end();
}

/** One byte more than expected is asked for, so that a file that grew is noticed. */
async function* piecesOf(
  source: AsicSourceFile['source'],
  bytes: number,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
  if (!(source instanceof Uint8Array)) {
    await using handle = await open(source.path, 'r');
    yield* readPieces(handle, 0, bytes + 1, signal);
    return;
  }
  for (let at = 0; at < source.length; at += COPY_BYTES) {
    signal?.throwIfAborted();
    const part = source.subarray(at, at + COPY_BYTES);
    const copy = Buffer.allocUnsafeSlow(part.length);
    copy.set(part);
    yield copy;
  }
}

function changed(name: string): never {
  throw new SignerError('SIGNER_FILE_CHANGED', `"${name}" changed while it was packed`, {
    details: { name },
  });
}
