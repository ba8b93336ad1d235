import type { FileHandle } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { crc32, createInflateRaw } from 'node:zlib';

import { readPieces } from '../disk/pieces.ts';
import { SignerError } from '../errors.ts';
import type { ZipMember } from './zip-read.ts';

/**
 * The content of an entry in pieces, in flat memory. Size, checksum and the end of the compressed
 * data are checked as by `readMember`; what is wrong shows at the end, so nothing may be done with the
 * pieces before that.
 *
 * @throws {@link SignerError} `SIGNER_ASIC_MALFORMED`; system errors of the file as they come.
 */
export async function* streamMember(
  handle: FileHandle,
  member: ZipMember,
  signal?: AbortSignal,
): AsyncGenerator<Uint8Array, void, undefined> {
  const packed = readPieces(handle, member.dataStart, member.packedBytes, signal);
  let bytes = 0;
  let crc = 0;
  for await (const piece of member.isDeflated ? inflate(packed, member) : packed) {
    bytes += piece.length;
    if (bytes > member.unpackedBytes) break;
    crc = crc32(piece, crc);
    yield piece;
  }
  if (bytes !== member.unpackedBytes) fail(member, `"${member.name}" has another size`);
  if (crc !== member.crc) fail(member, `"${member.name}" has another checksum`);
}

async function* inflate(
  packed: AsyncIterable<Uint8Array>,
  member: ZipMember,
): AsyncGenerator<Uint8Array> {
  const source = Readable.from(packed);
  const stream = createInflateRaw();
  source.on('error', (error) => stream.destroy(error));
  source.pipe(stream);
  try {
    for await (const piece of stream) if (piece instanceof Uint8Array) yield piece;
  } catch (cause) {
    if (cause instanceof SignerError || !isZlibError(cause)) throw cause;
    throw new SignerError('SIGNER_ASIC_MALFORMED', `"${member.name}" cannot be inflated`, {
      details: { offset: member.offset },
      cause,
    });
  } finally {
    source.destroy();
  }
  if (stream.bytesWritten !== member.packedBytes) {
    fail(member, `bytes after the compressed data of "${member.name}"`);
  }
}

function isZlibError(error: unknown): boolean {
  return (
    error instanceof Error &&
    'code' in error &&
    typeof error.code === 'string' &&
    error.code.startsWith('Z_')
  );
}

function fail({ offset }: ZipMember, message: string): never {
  throw new SignerError('SIGNER_ASIC_MALFORMED', message, { details: { offset } });
}
