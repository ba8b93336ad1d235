import { createHash } from 'node:crypto';

import { type Refused, type VerifySignature, judgeSignature } from '../record/authenticate.ts';
import { parsePayload } from '../record/codec.ts';
import { BusError } from '../errors.ts';
import type { RawRecord } from '../record/frame.ts';
import type { DirectoryEntry } from './entry.ts';

export interface VerifyDirectoryOptions {
  /** DER of the registrar's certificate, confirmed by its fingerprint beforehand. */
  readonly registrarCertificate: Uint8Array;
  readonly verify: VerifySignature;
  readonly at: Date;
}

export type DirectoryVerification =
  { readonly authentic: true; readonly entry: DirectoryEntry } | Refused;

/**
 * Verifies a directory record against the one certificate that may sign it.
 *
 * Which entry of a code holds is another question: see `newerEntry`.
 */
export function verifyDirectoryRecord(
  raw: RawRecord,
  options: VerifyDirectoryOptions,
): DirectoryVerification {
  const entry = readEntry(raw);
  if (typeof entry === 'string') {
    return { authentic: false, finding: 'RECORD_MALFORMED', detail: entry };
  }
  const der = options.registrarCertificate;
  const registrar = { sha256: createHash('sha256').update(der).digest('hex'), der };
  return judgeSignature(raw, [registrar], options) ?? { authentic: true, entry };
}

function readEntry(raw: RawRecord): DirectoryEntry | string {
  try {
    const content = parsePayload(raw);
    if (content.type === 'directory') return content.payload;
    return `a directory record was expected, not a ${content.type}`;
  } catch (error) {
    if (error instanceof BusError) return error.message;
    throw error;
  }
}
