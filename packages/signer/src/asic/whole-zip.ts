import { SignerError } from '../errors.ts';
import { type AsicLimits, DEFAULT_ASIC_LIMITS } from './limits.ts';
import { readZip } from './zip-read.ts';
import { writeZip } from './zip-write.ts';

/** Where a stored ZIP differs from the one that this package would write of the same entries. */
export interface ZipDeviation {
  /** In bytes from the start of the file. */
  readonly offset: number;
  /** The entry there; `null` in the central directory and the end record. */
  readonly entry: string | null;
  readonly detail: string;
}

const LOCAL_HEADER = 0x04034b50;
const LOCAL_BYTES = 30;
const MAX_WALKED_ENTRIES = 65_535;

/**
 * Finds the first byte of a stored ZIP (as ETSI EN 319 162-1 §4.4.3) that is not as this package writes it: times, versions and
 * attributes too, which no digest covers and no reader looks at. Containers that are made to be kept
 * are checked so: of the same entries there is one ZIP only.
 *
 * @returns `undefined` when it is byte for byte as written.
 */
export function findZipDeviation(
  container: Uint8Array,
  limits: AsicLimits = DEFAULT_ASIC_LIMITS,
): ZipDeviation | undefined {
  let expected: Uint8Array;
  try {
    expected = writeZip(readZip(container, limits), false);
  } catch (error) {
    if (!(error instanceof SignerError)) throw error;
    const found = error.details['offset'];
    const offset = typeof found === 'number' ? found : 0;
    return { offset, entry: entryAt(container, offset), detail: error.message };
  }
  const shorter = Math.min(expected.length, container.length);
  let offset = 0;
  while (offset < shorter && expected[offset] === container[offset]) offset += 1;
  if (offset === expected.length && offset === container.length) return undefined;
  const detail = 'a byte of the ZIP is not as it was written';
  return { offset, entry: entryAt(container, offset), detail };
}

/** The entry whose header or data hold an offset, as far as the headers can be followed. */
function entryAt(container: Uint8Array, offset: number): string | null {
  const view = Buffer.from(container.buffer, container.byteOffset, container.byteLength);
  let at = 0;
  for (let count = 0; count < MAX_WALKED_ENTRIES && at + LOCAL_BYTES <= view.length; count += 1) {
    const nameBytes = view.readUInt16LE(at + 26);
    const dataStart = at + LOCAL_BYTES + nameBytes + view.readUInt16LE(at + 28);
    const next = dataStart + view.readUInt32LE(at + 18);
    const isHeader = view.readUInt32LE(at) === LOCAL_HEADER;
    if (offset < next && (isHeader || offset < at + LOCAL_BYTES)) {
      const name = view.toString('utf8', at + LOCAL_BYTES, at + LOCAL_BYTES + nameBytes);
      return isHeader || nameBytes < 256 ? name : null;
    }
    if (!isHeader) return null;
    at = next;
  }
  return null;
}
