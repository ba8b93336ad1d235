import { SignerError, parseCertificate, readOpenPart, verifyCms } from '@congvan/signer';

import { type DirectoryEntry, certificatesOf } from '../../directory/entry.ts';
import { BusError } from '../../errors.ts';
import { type VerificationBasis, type VerifySignature, prove } from '../../record/authenticate.ts';
import { unpackOpenPart } from '../../record/open-part-body.ts';
import type { ReportEntry } from '../../record/payload.ts';
import type { OpenPartRow } from '../storage/evidence-store.ts';

/** What came behind a report: an open part to keep, packed as it came, or the fault. */
export type JudgedBody =
  | {
      readonly fits: true;
      readonly packed: Uint8Array;
      /** Whose certificate signed the package, and what that certificate was judged with. */
      readonly basis: VerificationBasis | null;
    }
  | { readonly fits: false; readonly detail: string };

type KeptPart = Pick<OpenPartRow, 'packed' | 'certificate'>;

/** The verified report that a body came behind. */
interface ReportBefore {
  readonly entry: ReportEntry;
  readonly sender: DirectoryEntry;
  /** What the report was judged with. */
  readonly basis: VerificationBasis | null;
}

/**
 * Takes what came behind a verified report. Only a dispatch has a body: the open part of the package
 * that the report names, whose manifest has that digest and is signed by the same agency. A fault in
 * it is no fault of the report, which counts as it is.
 *
 * Whoever lists one node certificate can have signed the package with that alone, and it was judged
 * with the report, at the same time: such a body is kept unread, {@link openKeptPart} looks at it when
 * evidence is made. Where several are listed, the one used is found and judged now.
 *
 * @returns `null` when nothing came: agents of before did not send it.
 */
export function judgeReportBody(
  body: Uint8Array,
  { entry, sender, basis }: ReportBefore,
  options: { readonly verify: VerifySignature; readonly at: Date },
): JudgedBody | null {
  if (body.length === 0) return null;
  if (entry.kind !== 'dispatch')
    return unfit(`${body.length} bytes follow a report of ${entry.kind}`);
  const listed = certificatesOf(sender, 'node');
  if (listed.length === 1) return { fits: true, packed: body, basis };
  try {
    const { manifest, signature } = readPart(body, entry.packageDigest).part;
    const judged = prove({ signedBytes: manifest, signature }, listed, options);
    if (!judged.authentic) return unfit(`package signature: ${judged.finding}: ${judged.detail}`);
    return { fits: true, packed: body, basis: judged.basis };
  } catch (error) {
    if (error instanceof BusError || error instanceof SignerError) return unfit(error.message);
    throw error;
  }
}

/**
 * The open part that was kept behind a report, unpacked, when it is that of the package and the
 * certificate it was kept with has signed it; else `null`.
 *
 * @param kept.certificate - in DER; it was judged on arrival. `null`: nobody knows which it was.
 */
export function openKeptPart(
  { packed, certificate: der }: KeptPart,
  packageDigest: string,
): Uint8Array | null {
  if (der === null) return null;
  try {
    const { bytes, part } = readPart(packed, packageDigest);
    const certificate = parseCertificate(der);
    const { manifest: content, signature: cms } = part;
    const verdict = verifyCms({ content, cms, candidates: [certificate] });
    const isSigned =
      verdict.indication === 'TOTAL-PASSED' && verdict.certificate?.sha256 === certificate.sha256;
    return isSigned ? bytes : null;
  } catch (error) {
    if (error instanceof BusError || error instanceof SignerError) return null;
    throw error;
  }
}

/** @throws {@link BusError}, SignerError when it is none, or that of another package. */
function readPart(packed: Uint8Array, packageDigest: string) {
  const bytes = unpackOpenPart(packed);
  const part = readOpenPart(bytes);
  if (part.manifestSha256 === packageDigest) return { bytes, part };
  const detail = `the manifest is ${part.manifestSha256}, the report says ${packageDigest}`;
  throw new BusError('BUS_RECORD_MALFORMED', detail, { details: { part: 'body' } });
}

function unfit(detail: string): JudgedBody {
  return { fits: false, detail: detail.slice(0, 1_000) };
}
