import { crc32, deflateRawSync } from 'node:zlib';

import type { ZipEntry } from './zip-read.ts';

/** 1980-01-01 00:00:00, the first time a ZIP can hold: the same input gives the same bytes. */
const FIXED_TIME = 0;
const FIXED_DATE = 0x0021;
/** Version 2.0, the lowest with deflate and folders. */
const VERSION = 20;
/** Names are UTF-8 (APPNOTE 6.3.3 §4.4.4, bit 11). */
const UTF8_FLAG = 0x0800;
const STORED = 0;
const DEFLATED = 8;

/**
 * Writes a ZIP with fixed times, no extra fields and no data descriptors, entries in the given
 * order. Entries are stored unless `compress` is set and makes them smaller.
 */
export function writeZip(entries: readonly ZipEntry[], compress: boolean): Uint8Array {
  const parts: Uint8Array[] = [];
  const directory: Uint8Array[] = [];
  let offset = 0;
  for (const { name, bytes } of entries) {
    const nameBytes = Buffer.from(name, 'utf8');
    const packed = compress && offset > 0 ? deflateRawSync(bytes) : bytes;
    const isSmaller = packed.length < bytes.length;
    const data = isSmaller ? packed : bytes;
    const common = Buffer.alloc(26);
    common.writeUInt16LE(VERSION, 0);
    common.writeUInt16LE(isAscii(nameBytes) ? 0 : UTF8_FLAG, 2);
    common.writeUInt16LE(isSmaller ? DEFLATED : STORED, 4);
    common.writeUInt16LE(FIXED_TIME, 6);
    common.writeUInt16LE(FIXED_DATE, 8);
    common.writeUInt32LE(crc32(bytes), 10);
    common.writeUInt32LE(data.length, 14);
    common.writeUInt32LE(bytes.length, 18);
    common.writeUInt16LE(nameBytes.length, 22);
    parts.push(Buffer.from('PK\x03\x04', 'latin1'), common, nameBytes, data);
    const rest = Buffer.alloc(14);
    rest.writeUInt32LE(offset, 10);
    directory.push(Buffer.from('PK\x01\x02\x14\x00', 'latin1'), common, rest, nameBytes);
    offset += 30 + nameBytes.length + data.length;
  }
  let directoryBytes = 0;
  for (const part of directory) directoryBytes += part.length;
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 'latin1');
  end.writeUInt16LE(entries.length, 8);
  end.writeUInt16LE(entries.length, 10);
  end.writeUInt32LE(directoryBytes, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...parts, ...directory, end]);
}

function isAscii(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte < 0x80);
}
