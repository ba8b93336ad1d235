import { SignerError, readOpenPart } from '@congvan/signer';

import { type DirectoryEntry, certificatesOf } from '../../directory/entry.ts';
import { BusError } from '../../errors.ts';
import { type VerificationBasis, type VerifySignature, prove } from '../../record/authenticate.ts';
import { unpackOpenPart } from '../../record/open-part-body.ts';
import type { ReportEntry } from '../../record/payload.ts';

/** What came behind a report: an open part that belongs to it, packed as it came, or the fault. */
export type JudgedBody =
  | {
      readonly fits: true;
      readonly packed: Uint8Array;
      /** What the package's signature was judged with. */
      readonly basis: VerificationBasis | null;
    }
  | { readonly fits: false; readonly detail: string };

/**
 * Judges what came behind a verified report. Only a dispatch has a body: the open part of the package
 * that the report names, whose manifest has that digest and is signed by the same agency. A fault in
 * it is no fault of the report, which counts as it is.
 *
 * @returns `null` when nothing came: agents of before did not send it.
 */
export function judgeReportBody(
  entry: ReportEntry,
  body: Uint8Array,
  options: { readonly sender: DirectoryEntry; readonly verify: VerifySignature; readonly at: Date },
): JudgedBody | null {
  if (body.length === 0) return null;
  if (entry.kind !== 'dispatch')
    return unfit(`${body.length} bytes follow a report of ${entry.kind}`);
  try {
    const part = readOpenPart(unpackOpenPart(body));
    if (part.manifestSha256 !== entry.packageDigest) {
      return unfit(
        `the manifest is ${part.manifestSha256}, the report says ${entry.packageDigest}`,
      );
    }
    const listed = certificatesOf(options.sender, 'node');
    const judged = prove(
      { signedBytes: part.manifest, signature: part.signature },
      listed,
      options,
    );
    if (!judged.authentic) return unfit(`package signature: ${judged.finding}: ${judged.detail}`);
    return { fits: true, packed: body, basis: judged.basis };
  } catch (error) {
    if (error instanceof BusError || error instanceof SignerError) return unfit(error.message);
    throw error;
  }
}

function unfit(detail: string): JudgedBody {
  return { fits: false, detail: detail.slice(0, 1_000) };
}
