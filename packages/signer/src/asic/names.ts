import { SignerError } from '../errors.ts';

/** Folder of the container's own files (ETSI EN 319 162-1 §4.4.3). */
export const META_FOLDER = 'META-INF/';
export const MIMETYPE_NAME = 'mimetype';

const MAX_NAME_DEPTH = 16;

/**
 * Checks the name of a container entry: it must be safe to use as a relative path on every system.
 *
 * @throws {@link SignerError} `SIGNER_ASIC_NAME_INVALID`.
 */
export function checkEntryName(name: string, maxNameBytes: number): void {
  const problem = nameProblem(name, maxNameBytes);
  if (problem === undefined) return;
  throw new SignerError(
    'SIGNER_ASIC_NAME_INVALID',
    `entry name ${JSON.stringify(name)} ${problem}`,
    {
      details: { name: name.slice(0, 300) },
    },
  );
}

function nameProblem(name: string, maxNameBytes: number): string | undefined {
  if (name === '') return 'is empty';
  if (Buffer.byteLength(name) > maxNameBytes) return `is longer than ${maxNameBytes} bytes`;
  if (!name.isWellFormed() || name.includes('\ufffd')) return 'is not valid UTF-8';
  if (/[\p{Cc}\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/u.test(name)) {
    return 'has control characters';
  }
  if (name.includes('\\')) return 'has a backslash';
  if (name.startsWith('/')) return 'is absolute';
  if (/^[A-Za-z]:/.test(name)) return 'begins with a drive letter';
  const parts = name.split('/');
  if (parts.length > MAX_NAME_DEPTH) return `has more than ${MAX_NAME_DEPTH} parts`;
  for (const part of parts) {
    if (part === '' || part === '.' || part === '..') return 'has an empty, "." or ".." part';
    if (/[. ]$/.test(part)) return 'has a part that ends with a dot or a space';
  }
  return undefined;
}

/** Two names with the same key would overwrite each other on some file system. */
export function nameKey(name: string): string {
  return name.normalize('NFC').toLowerCase();
}
