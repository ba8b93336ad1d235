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
