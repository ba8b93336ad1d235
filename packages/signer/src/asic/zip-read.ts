import { crc32, inflateRawSync } from 'node:zlib';

import { SignerError, type SignerErrorCode } from '../errors.ts';
import { type AsicLimits, RATIO_FREE_BYTES } from './limits.ts';
import { checkEntryName, nameKey } from './names.ts';

export interface ZipEntry {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** An entry as the central directory describes it. */
interface DirectoryEntry {
  readonly name: string;
  readonly nameBytes: Uint8Array;
  readonly flags: number;
  readonly method: number;
  readonly crc: number;
  readonly packedBytes: number;
  readonly unpackedBytes: number;
  readonly offset: number;
}

const END_BYTES = 22;
const CENTRAL_BYTES = 46;
const LOCAL_BYTES = 30;
const MAX_COMMENT_BYTES = 256;
const STORED = 0;
const DEFLATED = 8;
/** Bit 3: sizes follow the data. Bit 11: the name is UTF-8. Bits 1 and 2 only say how hard it was packed. */
const DESCRIPTOR_FLAG = 0x0008;
const ALLOWED_FLAGS = 0x0806 | DESCRIPTOR_FLAG;
/** Extra fields that change what an entry is: Zip64, Unicode name, encryption. */
const REFUSED_EXTRAS = new Set([0x0001, 0x7075, 0x0017, 0x9901]);

function fail(
  message: string,
  offset: number,
  code: SignerErrorCode = 'SIGNER_ASIC_MALFORMED',
): never {
  throw new SignerError(code, message, { details: { offset } });
}

/**
 * Reads a ZIP strictly: central directory and local headers must agree, entries must fill the file
 * without gap or overlap, names must be safe and unique, checksums right. So every ZIP tool sees
 * the same files.
 *
 * @throws {@link SignerError} `SIGNER_ASIC_MALFORMED`, `SIGNER_ASIC_LIMIT`, `SIGNER_ASIC_NAME_INVALID`.
 */
export function readZip(bytes: Uint8Array, limits: AsicLimits): ZipEntry[] {
  if (bytes.length > limits.maxContainerBytes) {
    fail(`container larger than ${limits.maxContainerBytes} bytes`, 0, 'SIGNER_ASIC_LIMIT');
  }
  const zip = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const end = findEnd(zip);
  const directoryOffset = zip.readUInt32LE(end + 16);
  const entries = readDirectory(zip, directoryOffset, end, limits);
  checkNames(entries, limits);
  let position = 0;
  let total = 0;
  const files: ZipEntry[] = [];
  for (const entry of entries.toSorted((a, b) => a.offset - b.offset)) {
    if (entry.offset !== position) fail('bytes between entries, or entries overlap', position);
    total += entry.unpackedBytes;
    checkSize(entry, total, limits);
    const data = readLocal(zip, entry, directoryOffset);
    files.push({ name: entry.name, bytes: unpack(data.packed, entry) });
    position = data.end;
  }
  if (position !== directoryOffset) fail('bytes before the central directory', position);
  return files;
}

function findEnd(zip: Buffer): number {
  for (let comment = 0; comment <= MAX_COMMENT_BYTES; comment++) {
    const at = zip.length - END_BYTES - comment;
    if (at < 0) break;
    if (zip.readUInt32LE(at) === 0x06054b50 && zip.readUInt16LE(at + 20) === comment) return at;
  }
  return fail('no end of central directory: this is not a ZIP file', zip.length);
}

function readDirectory(
  zip: Buffer,
  start: number,
  end: number,
  limits: AsicLimits,
): DirectoryEntry[] {
  const count = zip.readUInt16LE(end + 10);
  const isWhole =
    zip.readUInt16LE(end + 4) === 0 &&
    zip.readUInt16LE(end + 6) === 0 &&
    zip.readUInt16LE(end + 8) === count;
  if (!isWhole) fail('a ZIP of several disks', end);
  if (start + zip.readUInt32LE(end + 12) !== end) fail('central directory of the wrong size', end);
  if (count > limits.maxEntries) {
    fail(`${count} entries, limit ${limits.maxEntries}`, end, 'SIGNER_ASIC_LIMIT');
  }
  const entries: DirectoryEntry[] = [];
  let position = start;
  for (let i = 0; i < count; i++) {
    if (position + CENTRAL_BYTES > end || zip.readUInt32LE(position) !== 0x02014b50) {
      fail('central directory is damaged', position);
    }
    const nameLength = zip.readUInt16LE(position + 28);
    const extraLength = zip.readUInt16LE(position + 30);
    const next =
      position + CENTRAL_BYTES + nameLength + extraLength + zip.readUInt16LE(position + 32);
    if (next > end) fail('central directory is cut off', position);
    const extraStart = position + CENTRAL_BYTES + nameLength;
    checkExtra(zip, extraStart, extraStart + extraLength);
    entries.push(readDirectoryEntry(zip, position, nameLength));
    position = next;
  }
  if (position !== end) fail('bytes after the central directory', position);
  return entries;
}

function readDirectoryEntry(zip: Buffer, position: number, nameLength: number): DirectoryEntry {
  const nameStart = position + CENTRAL_BYTES;
  const nameBytes = zip.subarray(nameStart, nameStart + nameLength);
  if (zip.readUInt16LE(position + 34) !== 0) fail('a ZIP of several disks', position);
  const entry: DirectoryEntry = {
    name: nameBytes.toString('utf8'),
    nameBytes,
    flags: zip.readUInt16LE(position + 8),
    method: zip.readUInt16LE(position + 10),
    crc: zip.readUInt32LE(position + 16),
    packedBytes: zip.readUInt32LE(position + 20),
    unpackedBytes: zip.readUInt32LE(position + 24),
    offset: zip.readUInt32LE(position + 42),
  };
  if ((entry.flags & ~ALLOWED_FLAGS) !== 0) fail('encrypted or unusual entry', position);
  if (entry.method !== STORED && entry.method !== DEFLATED) {
    fail(`compression method ${entry.method}`, position);
  }
  return entry;
}

function checkExtra(zip: Buffer, start: number, end: number): void {
  let position = start;
  while (position < end) {
    if (position + 4 > end) fail('extra field is cut off', position);
    const id = zip.readUInt16LE(position);
    if (REFUSED_EXTRAS.has(id)) fail(`extra field 0x${id.toString(16)}`, position);
    position += 4 + zip.readUInt16LE(position + 2);
  }
  if (position !== end) fail('extra field is cut off', position);
}

function checkNames(entries: readonly DirectoryEntry[], limits: AsicLimits): void {
  const keys = new Set<string>();
  for (const { name, offset } of entries) {
    checkEntryName(name, limits.maxNameBytes);
    const key = nameKey(name);
    if (keys.has(key)) fail(`name "${name}" stands twice`, offset, 'SIGNER_ASIC_NAME_INVALID');
    keys.add(key);
  }
}

function checkSize(entry: DirectoryEntry, total: number, limits: AsicLimits): void {
  const { name, unpackedBytes, packedBytes, offset } = entry;
  const limit = (text: string): never => fail(`"${name}" ${text}`, offset, 'SIGNER_ASIC_LIMIT');
  if (unpackedBytes > limits.maxFileBytes) limit(`is larger than ${limits.maxFileBytes} bytes`);
  if (total > limits.maxTotalBytes) limit(`exceeds ${limits.maxTotalBytes} bytes in all`);
  if (unpackedBytes > RATIO_FREE_BYTES && unpackedBytes > packedBytes * limits.maxRatio) {
    limit(`inflates to more than ${limits.maxRatio} times its size`);
  }
}

/** Checks the local header against the directory and cuts out the data. */
function readLocal(
  zip: Buffer,
  entry: DirectoryEntry,
  limit: number,
): { packed: Uint8Array; end: number } {
  const at = entry.offset;
  if (at + LOCAL_BYTES > limit || zip.readUInt32LE(at) !== 0x04034b50) {
    fail('no local header', at);
  }
  const nameLength = zip.readUInt16LE(at + 26);
  const extraLength = zip.readUInt16LE(at + 28);
  const nameStart = at + LOCAL_BYTES;
  const dataStart = nameStart + nameLength + extraLength;
  const dataEnd = dataStart + entry.packedBytes;
  if (dataEnd > limit) fail('entry is cut off', at);
  const hasDescriptor = (entry.flags & DESCRIPTOR_FLAG) !== 0;
  const isSame =
    zip.subarray(nameStart, nameStart + nameLength).equals(entry.nameBytes) &&
    zip.readUInt16LE(at + 6) === entry.flags &&
    zip.readUInt16LE(at + 8) === entry.method &&
    (hasDescriptor || sizesAgree(zip, at + 14, entry));
  if (!isSame) fail('local header and central directory differ', at);
  checkExtra(zip, nameStart + nameLength, dataStart);
  const end = hasDescriptor ? readDescriptor(zip, dataEnd, limit, entry) : dataEnd;
  return { packed: zip.subarray(dataStart, dataEnd), end };
}

function sizesAgree(zip: Buffer, at: number, entry: DirectoryEntry): boolean {
  return (
    zip.readUInt32LE(at) === entry.crc &&
    zip.readUInt32LE(at + 4) === entry.packedBytes &&
    zip.readUInt32LE(at + 8) === entry.unpackedBytes
  );
}

/** The data descriptor, with or without its optional signature (APPNOTE 6.3.3 §4.3.9). */
function readDescriptor(zip: Buffer, at: number, limit: number, entry: DirectoryEntry): number {
  if (at + 16 <= limit && zip.readUInt32LE(at) === 0x08074b50 && sizesAgree(zip, at + 4, entry)) {
    return at + 16;
  }
  if (at + 12 <= limit && sizesAgree(zip, at, entry)) return at + 12;
  return fail('data descriptor and central directory differ', at);
}

function unpack(packed: Uint8Array, entry: DirectoryEntry): Uint8Array {
  let bytes: Uint8Array = packed;
  if (entry.method === DEFLATED) {
    try {
      // `info` tells how much was read: nothing may follow the compressed data.
      const result = inflateRawSync(packed, {
        maxOutputLength: Math.max(1, entry.unpackedBytes),
        info: true,
      });
      bytes = inflated(result, packed.length, entry);
    } catch (cause) {
      if (cause instanceof SignerError) throw cause;
      throw new SignerError('SIGNER_ASIC_MALFORMED', `"${entry.name}" cannot be inflated`, {
        details: { offset: entry.offset },
        cause,
      });
    }
  }
  if (bytes.length !== entry.unpackedBytes) fail(`"${entry.name}" has another size`, entry.offset);
  if (crc32(bytes) !== entry.crc) fail(`"${entry.name}" has another checksum`, entry.offset);
  return bytes;
}

function inflated(result: unknown, packedBytes: number, entry: DirectoryEntry): Uint8Array {
  if (typeof result !== 'object' || result === null) return fail('inflate failed', entry.offset);
  const buffer = 'buffer' in result ? result.buffer : undefined;
  const engine = 'engine' in result ? result.engine : undefined;
  const isRead =
    typeof engine === 'object' &&
    engine !== null &&
    'bytesWritten' in engine &&
    engine.bytesWritten === packedBytes;
  if (!(buffer instanceof Uint8Array) || !isRead) {
    return fail(`bytes after the compressed data of "${entry.name}"`, entry.offset);
  }
  return buffer;
}
