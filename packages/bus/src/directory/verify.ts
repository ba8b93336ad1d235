import { type Refused, type VerifySignature, judgeSignature } from '../record/authenticate.ts';
import { parsePayload } from '../record/codec.ts';
import { BusError } from '../errors.ts';
import type { RawRecord } from '../record/frame.ts';
import { type DirectoryEntry, type ListedCertificate, signedMs } from './entry.ts';

export interface VerifyDirectoryOptions {
  /** The certificates that may have signed: the pinned one, or those of the delegation. */
  readonly registrarCertificates: readonly ListedCertificate[];
  readonly verify: VerifySignature;
  readonly at: Date;
}

/** @returns `undefined` when one of the registrar's certificates made the signature, else the finding. */
export function judgeDirectoryRecord(
  raw: RawRecord,
  entry: DirectoryEntry,
  options: VerifyDirectoryOptions,
): Refused | undefined {
  const { registrarCertificates, verify, at } = options;
  const refused = judgeSignature(raw, registrarCertificates, { verify, at });
  if (refused?.finding !== 'CERTIFICATE_EXPIRED') return refused;
  // An old entry stays good when its registrar's certificate has run out since; a revoked one does not.
  const signedAt = new Date(Math.min(signedMs(entry), at.getTime()));
  return judgeSignature(raw, registrarCertificates, { verify, at: signedAt });
}

/**
 * The entry of a record that was verified before it was put where only its owner writes. It is not
 * validated again: with 120,000 entries that costs many seconds at each start.
 *
 * @returns `undefined` for what is no directory entry at all.
 */
export function readVerifiedEntry(raw: RawRecord): DirectoryEntry | undefined {
  if (raw.type !== 'directory') return undefined;
  const value: unknown = JSON.parse(new TextDecoder().decode(raw.payload));
  return looksLikeEntry(value) ? value : undefined;
}

function looksLikeEntry(value: unknown): value is DirectoryEntry {
  if (typeof value !== 'object' || value === null) return false;
  const { code, registrar, sequence, site }: Partial<Record<keyof DirectoryEntry, unknown>> = value;
  const texts = [code, registrar, site].every((text) => typeof text === 'string');
  return texts && Number.isSafeInteger(sequence);
}

/** @returns the entry of a directory record, or the fault in words. Nothing is verified. */
export function readDirectoryEntry(raw: RawRecord): DirectoryEntry | string {
  try {
    const content = parsePayload(raw);
    if (content.type === 'directory') return content.payload;
    return `a directory record was expected, not a ${content.type}`;
  } catch (error) {
    if (error instanceof BusError) return error.message;
    throw error;
  }
}
