import {
  constants,
  deflateRawSync,
  inflateRawSync,
  zstdCompressSync,
  zstdDecompressSync,
} from 'node:zlib';

import { BusError } from '../errors.ts';
import { isAgencyCode } from '../agency/code.ts';
import { decodeMessage } from '../record/frame.ts';
import type { DirectoryHead } from './client.ts';

/** On the wire; it must pass the limit of a message. */
export const MAX_DIRECTORY_PAGE_BYTES = 192 * 1024;
/** Unpacked; a page that claims more is refused before it is unpacked. */
export const MAX_UNPACKED_PAGE_BYTES = 1024 * 1024;
/** Certificates and signatures are mostly random: honest pages stay below 5. */
export const MAX_PAGE_RATIO = 50;
const MAX_DIRECTORY_HEADS = 1_000;

/** How a page is packed; the header `Congvan-Encoding` says it. */
const PAGE_ENCODINGS = ['zstd', 'deflate', 'identity'] as const;
export type PageEncoding = (typeof PAGE_ENCODINGS)[number];

const ZSTD_LEVEL = 3;
const DEFLATE_LEVEL = 6;

function isPageEncoding(text: string): text is PageEncoding {
  return (PAGE_ENCODINGS as readonly string[]).includes(text);
}

export function packPage(bytes: Uint8Array, encoding: PageEncoding = 'zstd'): Uint8Array {
  switch (encoding) {
    case 'zstd':
      return zstdCompressSync(bytes, {
        params: { [constants.ZSTD_c_compressionLevel]: ZSTD_LEVEL },
      });
    case 'deflate':
      return deflateRawSync(bytes, { level: DEFLATE_LEVEL });
    case 'identity':
      return bytes;
  }
}

/**
 * Unpacks a page and takes it apart.
 *
 * @throws {@link BusError} `BUS_RECORD_TOO_LARGE` over a limit in bytes or ratio,
 *   `BUS_RECORD_MALFORMED` for anything else than records packed so.
 */
export function readPage(bytes: Uint8Array, encoding: string): Uint8Array[] {
  if (!isPageEncoding(encoding)) throw malformed(`the encoding "${encoding.slice(0, 20)}"`);
  const limit = Math.min(MAX_UNPACKED_PAGE_BYTES, bytes.length * MAX_PAGE_RATIO);
  return splitRecords(unpack(bytes, encoding, Math.max(limit, 1)));
}

function unpack(bytes: Uint8Array, encoding: PageEncoding, maxOutputLength: number): Uint8Array {
  if (bytes.length === 0 || encoding === 'identity') return bytes;
  try {
    return encoding === 'zstd'
      ? zstdDecompressSync(bytes, { maxOutputLength })
      : inflateRawSync(bytes, { maxOutputLength });
  } catch (cause) {
    if (cause instanceof RangeError) {
      throw new BusError(
        'BUS_RECORD_TOO_LARGE',
        `a directory page of ${bytes.length} bytes unpacks to more than ${maxOutputLength}`,
        { cause, details: { part: 'page', bytes: bytes.length, limit: maxOutputLength } },
      );
    }
    throw malformed(`what is packed as ${encoding}`, cause);
  }
}

function splitRecords(page: Uint8Array): Uint8Array[] {
  const records: Uint8Array[] = [];
  let rest = page;
  while (rest.length > 0) {
    const { bytes } = decodeFirst(rest);
    records.push(bytes);
    rest = rest.subarray(bytes.length);
  }
  return records;
}

/** `decodeMessage` bounds what follows a record as the body of a message; a page may be longer. */
function decodeFirst(bytes: Uint8Array): { bytes: Uint8Array } {
  return decodeMessage(bytes.subarray(0, MAX_FRAME_BYTES)).record;
}

/** Header, payload and signature of one record at their limits. */
const MAX_FRAME_BYTES = 9 + 64 * 1024 + 4 + 16 * 1024;

export function encodeHeads(heads: readonly DirectoryHead[]): Uint8Array {
  const pairs = heads.map(({ registrar, sequence }) => [registrar, sequence]);
  return new TextEncoder().encode(JSON.stringify({ heads: pairs }));
}

/** @returns `undefined` for what is no list of heads. */
export function parseHeads(bytes: Uint8Array): DirectoryHead[] | undefined {
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    if (typeof value !== 'object' || value === null || !('heads' in value)) return undefined;
    const { heads } = value;
    if (!Array.isArray(heads) || heads.length > MAX_DIRECTORY_HEADS) return undefined;
    const read = heads.flatMap(readHead);
    return read.length === heads.length ? read : undefined;
  } catch {
    return undefined;
  }
}

function readHead(value: unknown): DirectoryHead[] {
  if (!Array.isArray(value)) return [];
  const pair: readonly unknown[] = value;
  const [registrar, sequence] = pair;
  if (typeof registrar !== 'string' || !isAgencyCode(registrar)) return [];
  if (typeof sequence !== 'number' || !Number.isSafeInteger(sequence) || sequence < 0) return [];
  return [{ registrar, sequence }];
}

function malformed(fault: string, cause?: unknown): BusError {
  return new BusError('BUS_RECORD_MALFORMED', `not a directory page: ${fault}`, {
    details: { part: 'page' },
    ...(cause === undefined ? {} : { cause }),
  });
}
