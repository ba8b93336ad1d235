import { createHash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';

import { type WriteTarget, type WrittenFile, expected, writeWhole } from '../disk/write-whole.ts';
import { SignerError } from '../errors.ts';
import { ByteReader } from './byte-reader.ts';
import {
  type SealStreamOptions,
  type SealedInfo,
  type StreamOptions,
  type UnsealOptions,
  sealFrom,
  unsealFrom,
} from './seal.ts';

const READ_BYTES = 1024 * 1024;

/** What a sealed file must be, as a record names it. */
export interface ExpectedFile {
  readonly bytes: number;
  /** Lower hex. */
  readonly sha256: string;
}

/**
 * Seals a file. The target appears when it is complete, never before; with a folder as target its
 * name is its SHA-256.
 *
 * @throws {@link SignerError} as `sealStream`; system errors of the files as they come.
 */
export async function sealFile(
  source: string,
  target: WriteTarget,
  options: SealStreamOptions,
): Promise<WrittenFile> {
  return withFile(source, (chunks, release) =>
    writeWhole(target, 0o644, sealFrom(new ByteReader(chunks, release), options)),
  );
}

/**
 * Opens a sealed file. Everything is written to a hidden file beside the target, put on disk, and
 * renamed after the last tag was checked: a file of the target's name is complete and authentic,
 * whatever happened on the way. An existing target is replaced.
 *
 * @param options.expected - what the sealed file must be; otherwise nothing is left behind.
 * @throws {@link SignerError} as `unsealStream`; system errors of the files as they come.
 */
export async function unsealFile(
  source: string,
  target: WriteTarget,
  options: UnsealOptions & StreamOptions & { readonly expected?: ExpectedFile },
): Promise<SealedInfo & { readonly written: WrittenFile }> {
  let info: SealedInfo | undefined;
  const written = await withFile(source, (chunks, release) => {
    const onHeader = (header: SealedInfo): void => void (info = header);
    const { expected: wanted } = options;
    const checked = wanted === undefined ? chunks : checkSource(chunks, wanted);
    const reader = new ByteReader(checked, release);
    return writeWhole(target, 0o600, unsealFrom(reader, { ...options, onHeader }));
  });
  if (info === undefined) throw new Error('a stream without a header ended well');
  return { ...info, written };
}

/** Passes chunks on, and fails at the end unless they are the file that was expected. */
async function* checkSource(
  chunks: AsyncIterable<Uint8Array>,
  wanted: ExpectedFile,
): AsyncGenerator<Uint8Array> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of chunks) {
    hash.update(chunk);
    bytes += chunk.length;
    yield chunk;
  }
  const sha256 = hash.digest('hex');
  if (bytes === wanted.bytes && sha256 === wanted.sha256) return;
  throw new SignerError(
    'SIGNER_SEAL_TAMPERED',
    `${bytes} sealed bytes with SHA-256 ${sha256} instead of ${wanted.bytes} with ${wanted.sha256}`,
  );
}

/** Reads a file with the next piece on its way while one is worked on. */
async function* readAhead(handle: FileHandle, free: Buffer[]): AsyncGenerator<Uint8Array> {
  const next = (): Promise<Uint8Array> =>
    expected(
      handle
        .read(free.pop() ?? Buffer.allocUnsafeSlow(READ_BYTES), 0, READ_BYTES, null)
        .then(({ buffer, bytesRead }) => buffer.subarray(0, bytesRead)),
    );
  let pending = next();
  try {
    for (;;) {
      const chunk = await pending;
      if (chunk.length === 0) return;
      pending = next();
      yield chunk;
    }
  } finally {
    await pending.catch(() => undefined); // the handle must not be closed under it
  }
}

async function withFile<T>(
  file: string,
  work: (chunks: AsyncIterable<Uint8Array>, release: (chunk: Uint8Array) => void) => Promise<T>,
): Promise<T> {
  const handle = await open(file, 'r');
  const free: Buffer[] = [];
  try {
    const release = ({ buffer }: Uint8Array): void => void free.push(Buffer.from(buffer));
    return await work(readAhead(handle, free), release);
  } finally {
    await handle.close();
  }
}
