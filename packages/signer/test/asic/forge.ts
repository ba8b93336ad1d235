import { readZip } from '../../src/asic/zip-read.ts';
import { DEFAULT_ASIC_LIMITS } from '../../src/asic/limits.ts';
import { writeZip } from '../../src/asic/zip-write.ts';

/** Packs a container anew with some entries replaced, removed (null) or added at the end. */
export function rebuild(
  container: Uint8Array,
  changes: Readonly<Record<string, Uint8Array | null>>,
): Buffer {
  const entries = new Map(
    readZip(container, DEFAULT_ASIC_LIMITS).map(({ name, bytes }) => [name, bytes]),
  );
  for (const [name, bytes] of Object.entries(changes)) {
    if (bytes === null) entries.delete(name);
    else entries.set(name, bytes);
  }
  return Buffer.from(
    writeZip(
      [...entries].map(([name, bytes]) => ({ name, bytes })),
      false,
    ),
  );
}

/** Offsets of the local header, the data and the central record of an entry. */
export function placesOf(
  zip: Buffer,
  name: string,
): { local: number; data: number; central: number } {
  const central = zip.lastIndexOf(name) - 46;
  const local = zip.readUInt32LE(central + 42);
  const data = local + 30 + zip.readUInt16LE(local + 26) + zip.readUInt16LE(local + 28);
  return { local, data, central };
}

/** A copy with some bytes set. */
export function patch(zip: Buffer, edit: (copy: Buffer) => void): Buffer {
  const copy = Buffer.from(zip);
  edit(copy);
  return copy;
}
