import type { CertificateReport } from '../../path/report.ts';
import type { RevocationEvidence } from '../../revocation/evidence.ts';
import type { Indication, Judgement, SubIndication } from '../../verdict.ts';
import type { HashName } from '../../x509/algorithm.ts';
import type { ByteRange } from '../byte-range.ts';
import type { PdfLevel } from '../level.ts';
import type { FieldLock } from '../mdp.ts';
import type { LaterChange } from './comparison.ts';
import type { WidgetReport } from '../widget.ts';

/** A time-stamp that was found in a signature, or that covers it. */
export interface PdfTimeStampReport extends Judgement {
  /** In the signature's own message, or over the whole file up to a later revision. */
  readonly kind: 'signature' | 'document';
  /** The field of a document time-stamp. */
  readonly fieldName: string | null;
  /** What the token says; a proof only with `TOTAL-PASSED`. */
  readonly time: Date | null;
  readonly tsaText: string | null;
  readonly certificateSha256: string | null;
  readonly policy: string | null;
  readonly hash: HashName | null;
  /** SHA-256 of the token, lower-case hex; null when it cannot be read. */
  readonly tokenSha256: string | null;
  /** Each certificate of the authority's path. */
  readonly certificates: readonly CertificateReport[];
  readonly evidence: readonly RevocationEvidence[];
}

/** One signature of a PDF. */
export interface PdfSignatureReport {
  readonly fieldName: string;
  readonly kind: 'signature' | 'timestamp';
  readonly indication: Indication;
  readonly subIndication: SubIndication | null;
  /** The level that is really there and holds; null for a signature that is no PAdES baseline. */
  readonly level: PdfLevel | null;
  readonly subFilter: string;
  /** Subject of the signing certificate, readable; null when it was not found. */
  readonly signerText: string | null;
  readonly certificateSha256: string | null;
  /** The path from the signing certificate to the anchor, and each certificate's part. */
  readonly certificates: readonly CertificateReport[];
  /** The CRLs and OCSP responses that were relied on for the signing certificate. */
  readonly evidence: readonly RevocationEvidence[];
  /** `/M`: what the signer claims, no proof. */
  readonly claimedAt: Date | null;
  /** The earliest time a valid time-stamp proves; of a document time-stamp, its own. */
  readonly provenAt: Date | null;
  /** Those in the signature, then the document time-stamps that cover it. */
  readonly timeStamps: readonly PdfTimeStampReport[];
  readonly reason: string | null;
  readonly location: string | null;
  /** True when nothing was added to the file after this signature. */
  readonly coversWholeFile: boolean;
  readonly byteRange: ByteRange | null;
  /** Length of the signed revision in bytes; null when the place of the signature is wrong. */
  readonly revisionBytes: number | null;
  /** 1 for the first saved state of the file; null when the place of the signature is wrong. */
  readonly revision: number | null;
  /** What came after the signature, harmless or not, in words: the texts of `changes`. */
  readonly changesAfter: readonly string[];
  /** What came after the signature, worst first. */
  readonly changes: readonly LaterChange[];
  /** Where it is shown; null when it is not. */
  readonly widget: WidgetReport | null;
  /** What a certification allows afterwards (DocMDP `/P`); null for an approval. */
  readonly docMdp: 1 | 2 | 3 | null;
  /** The form fields it locks (FieldMDP). */
  readonly fieldLock: FieldLock | null;
  /** Seen and no reason against the signature, in words. */
  readonly warnings: readonly string[];
  readonly detail: string;
}

/** What the security store of the file (DSS) holds; nothing of it is trusted. */
export interface PdfSecurityStoreReport {
  readonly certificateCount: number;
  readonly crlCount: number;
  readonly ocspCount: number;
  /** Entries that cannot be used, in words. */
  readonly unreadable: readonly string[];
}

/** All signatures of a PDF, oldest first, and the worst of their indications. */
export interface PdfReport {
  readonly indication: Indication;
  readonly subIndication: SubIndication | 'NO_SIGNATURE' | null;
  readonly signatures: readonly PdfSignatureReport[];
  /** Null when the file has none. */
  readonly securityStore: PdfSecurityStoreReport | null;
  readonly detail: string;
}
