import { crc32, inflateRawSync } from 'node:zlib';

import { SignerError, type SignerErrorCode } from '../errors.ts';
import { type AsicLimits, RATIO_FREE_BYTES } from './limits.ts';
import { checkEntryName, nameKey } from './names.ts';
import { type RandomAccess, accessBytes } from './random-access.ts';

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

/** An entry whose local header agrees with the directory; its data was not looked at. */
export interface ZipMember extends Pick<
  DirectoryEntry,
  'name' | 'crc' | 'packedBytes' | 'unpackedBytes' | 'offset'
> {
  readonly isDeflated: boolean;
  /** Where its data begin. */
  readonly dataStart: number;
}

const END_BYTES = 22;
const CENTRAL_BYTES = 46;
const LOCAL_BYTES = 30;
const MAX_COMMENT_BYTES = 256;
/** Far more than the names of the entries need. */
const MAX_DIRECTORY_BYTES = 4 * 1024 * 1024;
/** Where more entries are allowed: a name of ordinary length, and what a directory says beside it. */
const DIRECTORY_BYTES_OF_ENTRY = 256;
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
  const zip = accessBytes(bytes);
  return readMembers(zip, limits).map((member) => ({
    name: member.name,
    bytes: readMember(zip, member),
  }));
}

/**
 * The entries of a ZIP in the order of the file, checked as {@link readZip} does, but for the
 * checksums of their data: {@link readMember} and `streamMember` check those.
 *
 * @throws {@link SignerError} `SIGNER_ASIC_MALFORMED`, `SIGNER_ASIC_LIMIT`, `SIGNER_ASIC_NAME_INVALID`.
 */
export function readMembers(zip: RandomAccess, limits: AsicLimits): ZipMember[] {
  if (zip.size > limits.maxContainerBytes) {
    fail(`container larger than ${limits.maxContainerBytes} bytes`, 0, 'SIGNER_ASIC_LIMIT');
  }
  const { at: end, record } = findEnd(zip);
  const directoryOffset = record.readUInt32LE(16);
  const entries = readDirectory(zip, directoryOffset, end, record, limits);
  checkNames(entries, limits);
  let position = 0;
  let total = 0;
  const members: ZipMember[] = [];
  for (const entry of entries.toSorted((a, b) => a.offset - b.offset)) {
    if (entry.offset !== position) fail('bytes between entries, or entries overlap', position);
    total += entry.unpackedBytes;
    checkSize(entry, total, limits);
    const { dataStart, end: next } = readLocal(zip, entry, directoryOffset);
    const { name, crc, packedBytes, unpackedBytes, offset } = entry;
    const isDeflated = entry.method === DEFLATED;
    members.push({ name, crc, packedBytes, unpackedBytes, offset, isDeflated, dataStart });
    position = next;
  }
  if (position !== directoryOffset) fail('bytes before the central directory', position);
  return members;
}

/** The content of an entry, inflated, its size and checksum as the directory says. */
export function readMember(zip: RandomAccess, member: ZipMember): Uint8Array {
  return unpack(zip.read(member.dataStart, member.packedBytes), member);
}

function findEnd(zip: RandomAccess): { readonly at: number; readonly record: Buffer } {
  const tailStart = Math.max(0, zip.size - END_BYTES - MAX_COMMENT_BYTES);
  const tail = zip.read(tailStart, zip.size - tailStart);
  for (let at = tail.length - END_BYTES; at >= 0; at--) {
    const comment = tail.length - END_BYTES - at;
    if (tail.readUInt32LE(at) === 0x06054b50 && tail.readUInt16LE(at + 20) === comment) {
      return { at: tailStart + at, record: tail.subarray(at) };
    }
  }
  return fail('no end of central directory: this is not a ZIP file', zip.size);
}

/** The directory from `start` to `end`, where the end record stands. */
function readDirectory(
  zip: RandomAccess,
  start: number,
  end: number,
  endRecord: Buffer,
  limits: AsicLimits,
): DirectoryEntry[] {
  const count = endRecord.readUInt16LE(10);
  const isWhole =
    endRecord.readUInt16LE(4) === 0 &&
    endRecord.readUInt16LE(6) === 0 &&
    endRecord.readUInt16LE(8) === count;
  if (!isWhole) fail('a ZIP of several disks', end);
  const length = end - start;
  if (endRecord.readUInt32LE(12) !== length) fail('central directory of the wrong size', end);
  const most = Math.max(MAX_DIRECTORY_BYTES, limits.maxEntries * DIRECTORY_BYTES_OF_ENTRY);
  if (count > limits.maxEntries || length > most) {
    const about = `${count} entries described in ${length} bytes`;
    fail(`${about}, limit ${limits.maxEntries} entries`, end, 'SIGNER_ASIC_LIMIT');
  }
  const directory = zip.read(start, length);
  const entries: DirectoryEntry[] = [];
  let position = 0;
  for (let i = 0; i < count; i++) {
    if (position + CENTRAL_BYTES > length || directory.readUInt32LE(position) !== 0x02014b50) {
      fail('central directory is damaged', start + position);
    }
    const nameLength = directory.readUInt16LE(position + 28);
    const extraLength = directory.readUInt16LE(position + 30);
    const extraStart = position + CENTRAL_BYTES + nameLength;
    const next = extraStart + extraLength + directory.readUInt16LE(position + 32);
    if (next > length) fail('central directory is cut off', start + position);
    checkExtra(directory.subarray(extraStart, extraStart + extraLength), start + extraStart);
    const nameBytes = directory.subarray(position + CENTRAL_BYTES, extraStart);
    entries.push(
      readDirectoryEntry(directory.subarray(position, next), nameBytes, start + position),
    );
    position = next;
  }
  if (position !== length) fail('bytes after the central directory', start + position);
  return entries;
}

/** @param at - where the record stands in the file, for the error. */
function readDirectoryEntry(record: Buffer, nameBytes: Buffer, at: number): DirectoryEntry {
  if (record.readUInt16LE(34) !== 0) fail('a ZIP of several disks', at);
  const entry: DirectoryEntry = {
    name: nameBytes.toString('utf8'),
    nameBytes,
    flags: record.readUInt16LE(8),
    method: record.readUInt16LE(10),
    crc: record.readUInt32LE(16),
    packedBytes: record.readUInt32LE(20),
    unpackedBytes: record.readUInt32LE(24),
    offset: record.readUInt32LE(42),
  };
  if ((entry.flags & ~ALLOWED_FLAGS) !== 0) fail('encrypted or unusual entry', at);
  if (entry.method !== STORED && entry.method !== DEFLATED) {
    fail(`compression method ${entry.method}`, at);
  }
  if (entry.method === STORED && entry.packedBytes !== entry.unpackedBytes) {
    fail(`"${entry.name}" has another size`, at);
  }
  return entry;
}

/** @param at - where the extra field stands in the file, for the error. */
function checkExtra(extra: Buffer, at: number): void {
  let position = 0;
  while (position < extra.length) {
    if (position + 4 > extra.length) fail('extra field is cut off', at + position);
    const id = extra.readUInt16LE(position);
    if (REFUSED_EXTRAS.has(id)) fail(`extra field 0x${id.toString(16)}`, at + position);
    position += 4 + extra.readUInt16LE(position + 2);
  }
  if (position !== extra.length) fail('extra field is cut off', at + position);
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

/** Checks the local header against the directory; tells where the data begin and the entry ends. */
function readLocal(
  zip: RandomAccess,
  entry: DirectoryEntry,
  limit: number,
): { readonly dataStart: number; readonly end: number } {
  const at = entry.offset;
  if (at + LOCAL_BYTES > limit) fail('no local header', at);
  const header = zip.read(at, LOCAL_BYTES);
  if (header.readUInt32LE(0) !== 0x04034b50) fail('no local header', at);
  const nameLength = header.readUInt16LE(26);
  const variable = nameLength + header.readUInt16LE(28);
  const dataStart = at + LOCAL_BYTES + variable;
  const dataEnd = dataStart + entry.packedBytes;
  if (dataEnd > limit) fail('entry is cut off', at);
  const names = zip.read(at + LOCAL_BYTES, variable);
  const hasDescriptor = (entry.flags & DESCRIPTOR_FLAG) !== 0;
  const isSame =
    names.subarray(0, nameLength).equals(entry.nameBytes) &&
    header.readUInt16LE(6) === entry.flags &&
    header.readUInt16LE(8) === entry.method &&
    (hasDescriptor || sizesAgree(header, 14, entry));
  if (!isSame) fail('local header and central directory differ', at);
  checkExtra(names.subarray(nameLength), at + LOCAL_BYTES + nameLength);
  const end = hasDescriptor ? readDescriptor(zip, dataEnd, limit, entry) : dataEnd;
  return { dataStart, end };
}

function sizesAgree(bytes: Buffer, at: number, entry: DirectoryEntry): boolean {
  return (
    bytes.readUInt32LE(at) === entry.crc &&
    bytes.readUInt32LE(at + 4) === entry.packedBytes &&
    bytes.readUInt32LE(at + 8) === entry.unpackedBytes
  );
}

/** The data descriptor, with or without its optional signature (APPNOTE 6.3.3 §4.3.9). */
function readDescriptor(
  zip: RandomAccess,
  at: number,
  limit: number,
  entry: DirectoryEntry,
): number {
  const bytes = zip.read(at, Math.min(16, limit - at));
  const isSigned = bytes.length === 16 && bytes.readUInt32LE(0) === 0x08074b50;
  if (isSigned && sizesAgree(bytes, 4, entry)) return at + 16;
  if (bytes.length >= 12 && sizesAgree(bytes, 0, entry)) return at + 12;
  return fail('data descriptor and central directory differ', at);
}

function unpack(packed: Uint8Array, entry: ZipMember): Uint8Array {
  let bytes: Uint8Array = packed;
  if (entry.isDeflated) {
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

function inflated(result: unknown, packedBytes: number, entry: ZipMember): Uint8Array {
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
