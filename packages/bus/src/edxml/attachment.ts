import { crc32 } from 'node:zlib';

import { type UnzipFileInfo, unzipSync } from 'fflate';

import { BusError } from '../errors.ts';
import { overLimit, quote } from './fault.ts';
import type { EdxmlLimits } from './limits.ts';

const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;
const END_OF_CENTRAL_DIRECTORY = 0x06054b50;
const CENTRAL_HEADER = 0x02014b50;
const END_BYTES = 22;
const CENTRAL_HEADER_BYTES = 46;
const MAX_COMMENT_BYTES = 0xffff;
/** Deflate cannot do better: a zip that claims more is not whole. */
const MAX_UNZIP_RATIO = 1_032;
/** Formats that are zip files themselves: the file a sender meant may be this very zip. */
const ZIP_FORMATS = new Set(['zip', 'docx', 'xlsx', 'pptx']);

type AttachmentLimits = Pick<EdxmlLimits, 'maxAttachmentBytes'>;

/**
 * Decodes `ContentTransferEncoded`; white space between the characters is allowed.
 *
 * @param name - of the file, for the message.
 * @throws `BUS_EDXML_ATTACHMENT_INVALID` for anything but base64, `BUS_EDXML_LIMIT`.
 */
export function decodeBase64(text: string, name: string, limits: AttachmentLimits): Uint8Array {
  const compact = /\s/.test(text) ? text.replace(/\s+/g, '') : text;
  if (compact.length % 4 !== 0 || !BASE64.test(compact)) {
    throw new BusError(
      'BUS_EDXML_ATTACHMENT_INVALID',
      `the content of attachment ${quote(name)} is not base64`,
      { details: { attachment: quote(name) } },
    );
  }
  checkSize(Math.floor((compact.length / 4) * 3) - 2, name, limits);
  return new Uint8Array(Buffer.from(compact, 'base64'));
}

/**
 * The file that was sent. Many senders zip each file alone, whatever type they name: a zip with one
 * entry is opened, unless the file's own name says that the zip is the file. Once, never deeper.
 *
 * The path of the entry is ignored. A zip that is broken, encrypted or odd stays as it is.
 *
 * @returns the same array when nothing was opened.
 * @throws `BUS_EDXML_LIMIT` when the file would be over its limit.
 */
export function unwrapZip(bytes: Uint8Array, name: string, limits: AttachmentLimits): Uint8Array {
  if (!startsAsZip(bytes)) return bytes;
  const entries = listEntries(bytes);
  const [entry] = entries;
  if (entry === undefined || entries.length > 1) return bytes;
  const extension = extensionOf(name);
  if (ZIP_FORMATS.has(extension) && extension !== extensionOf(entry.name)) return bytes;
  const isPossible = entry.originalSize <= Math.min(entry.size, bytes.length) * MAX_UNZIP_RATIO;
  if (!isPossible) return bytes;
  checkSize(entry.originalSize, name, limits);
  return extractOnly(bytes, entry) ?? bytes;
}

function startsAsZip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x50 && bytes[1] === 0x4b && bytes[2] === 0x03 && bytes[3] === 0x04;
}

function listEntries(bytes: Uint8Array): UnzipFileInfo[] {
  const entries: UnzipFileInfo[] = [];
  try {
    unzipSync(bytes, {
      filter: (entry) => {
        entries.push(entry);
        return false;
      },
    });
  } catch {
    return []; // not a zip after all: the file stays as it is
  }
  return entries;
}

function extractOnly(bytes: Uint8Array, entry: UnzipFileInfo): Uint8Array | undefined {
  const expected = readChecksum(bytes);
  if (expected === undefined) return undefined;
  try {
    const data = Object.values(unzipSync(bytes))[0];
    const isWhole = data?.length === entry.originalSize && crc32(data) === expected;
    return isWhole ? data : undefined;
  } catch {
    return undefined;
  }
}

/** CRC-32 of the only entry, from the central directory; fflate does not compare it. */
function readChecksum(bytes: Uint8Array): number | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const lowest = Math.max(0, bytes.length - END_BYTES - MAX_COMMENT_BYTES);
  for (let at = bytes.length - END_BYTES; at >= lowest; at -= 1) {
    if (view.getUint32(at, true) !== END_OF_CENTRAL_DIRECTORY) continue;
    const header = view.getUint32(at + 16, true);
    if (header + CENTRAL_HEADER_BYTES > bytes.length) return undefined;
    return view.getUint32(header, true) === CENTRAL_HEADER
      ? view.getUint32(header + 16, true)
      : undefined;
  }
  return undefined;
}

function extensionOf(name: string): string {
  const dot = name.lastIndexOf('.');
  return dot === -1
    ? ''
    : name
        .slice(dot + 1)
        .trim()
        .toLowerCase();
}

function checkSize(bytes: number, name: string, limits: AttachmentLimits): void {
  if (bytes <= limits.maxAttachmentBytes) return;
  throw overLimit(`bytes of attachment ${quote(name)}:`, bytes, limits.maxAttachmentBytes);
}
