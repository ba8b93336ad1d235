import { crc32, deflateRawSync } from 'node:zlib';

import { SignerError } from '../errors.ts';
import { DEFAULT_ASIC_LIMITS } from './limits.ts';

/** 1980-01-01 00:00:00, the first time a ZIP can hold: the same input gives the same bytes. */
const FIXED_TIME = 0;
const FIXED_DATE = 0x0021;
/** Version 2.0, the lowest with deflate and folders. */
const VERSION = 20;
/** Names are UTF-8 (APPNOTE 6.3.3 §4.4.4, bit 11). */
const UTF8_FLAG = 0x0800;
const STORED = 0;
const DEFLATED = 8;
const LOCAL_START = Buffer.from('PK\x03\x04', 'latin1');
const CENTRAL_START = Buffer.from('PK\x01\x02\x14\x00', 'latin1');

/** A ZIP without Zip64 ends here. */
const MAX_ZIP_BYTES = 0xffff_ffff;

/** An entry whose content is known but for its bytes. */
interface ZipContent {
  readonly name: string;
  readonly crc32: number;
  /** As it stands in the ZIP, when it is compressed. */
  readonly deflatedBytes?: number;
  readonly bytes: number;
}

/** Gives the headers of a ZIP that is written from front to back, and its directory at the end. */
export class ZipLayout {
  readonly #directory: Uint8Array[] = [];
  #offset = 0;
  #count = 0;

  /**
   * The local header; the content must follow it.
   *
   * @throws {@link SignerError} `SIGNER_ASIC_LIMIT` beyond {@link MAX_ZIP_BYTES}.
   */
  header({ name, crc32: crc, deflatedBytes, bytes }: ZipContent): Uint8Array {
    const nameBytes = Buffer.from(name, 'utf8');
    const packedBytes = deflatedBytes ?? bytes;
    const next = this.#offset + 30 + nameBytes.length + packedBytes;
    if (bytes > MAX_ZIP_BYTES || next > MAX_ZIP_BYTES) tooLarge(next);
    const common = Buffer.alloc(26);
    common.writeUInt16LE(VERSION, 0);
    common.writeUInt16LE(isAscii(nameBytes) ? 0 : UTF8_FLAG, 2);
    common.writeUInt16LE(deflatedBytes === undefined ? STORED : DEFLATED, 4);
    common.writeUInt16LE(FIXED_TIME, 6);
    common.writeUInt16LE(FIXED_DATE, 8);
    common.writeUInt32LE(crc, 10);
    common.writeUInt32LE(packedBytes, 14);
    common.writeUInt32LE(bytes, 18);
    common.writeUInt16LE(nameBytes.length, 22);
    const rest = Buffer.alloc(14);
    rest.writeUInt32LE(this.#offset, 10);
    this.#directory.push(CENTRAL_START, common, rest, nameBytes);
    this.#offset = next;
    this.#count += 1;
    return Buffer.concat([LOCAL_START, common, nameBytes]);
  }

  /** Central directory and end record. */
  end(): Uint8Array {
    const directory = Buffer.concat(this.#directory);
    const end = Buffer.alloc(22);
    end.write('PK\x05\x06', 'latin1');
    end.writeUInt16LE(this.#count, 8);
    end.writeUInt16LE(this.#count, 10);
    end.writeUInt32LE(directory.length, 12);
    end.writeUInt32LE(this.#offset, 16);
    const total = this.#offset + directory.length + end.length;
    if (total > MAX_ZIP_BYTES) tooLarge(total);
    return Buffer.concat([directory, end]);
  }
}

function tooLarge(bytes: number): never {
  throw new SignerError('SIGNER_ASIC_LIMIT', `the container would exceed ${MAX_ZIP_BYTES} bytes`, {
    details: { bytes, maxBytes: MAX_ZIP_BYTES },
  });
}

/** An entry to write. */
export interface NewZipEntry {
  readonly name: string;
  readonly bytes: Uint8Array;
  /** Deflated where that makes it smaller, and not so small that a reader takes it for an attack. */
  readonly compress?: boolean;
}

/**
 * Writes a ZIP with fixed times, no extra fields and no data descriptors, entries in the given
 * order. Entries are stored unless `compress` is set, for one or for all but the first, and makes
 * them smaller.
 */
export function writeZip(entries: readonly NewZipEntry[], compress: boolean): Uint8Array {
  const layout = new ZipLayout();
  const parts = entries.flatMap((entry, index) =>
    writeEntry(layout, { ...entry, compress: index > 0 && (compress || entry.compress === true) }),
  );
  return Buffer.concat([...parts, layout.end()]);
}

/** Header and content of the next entry. */
export function writeEntry(
  layout: ZipLayout,
  { name, bytes, compress }: NewZipEntry,
): [header: Uint8Array, content: Uint8Array] {
  const packed = compress === true ? deflateRawSync(bytes) : bytes;
  const isFit = bytes.length <= packed.length * DEFAULT_ASIC_LIMITS.maxRatio;
  const isSmaller = isFit && packed.length < bytes.length;
  const header = layout.header({
    name,
    crc32: crc32(bytes),
    bytes: bytes.length,
    ...(isSmaller && { deflatedBytes: packed.length }),
  });
  return [header, isSmaller ? packed : bytes];
}

function isAscii(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte < 0x80);
}
