import {
  type Indication,
  loadTrustStore,
  openAsicE,
  type TrustStore,
  verifyAsicE,
  verifyPdf,
} from '@congvan/signer';

/** One signature of a file, as it is shown and printed as JSON. */
export interface SignatureLine {
  /** What is signed: the file itself, or a file inside the package. */
  readonly of: string;
  readonly kind: 'package' | 'signature' | 'timestamp';
  readonly fieldName: string | null;
  readonly indication: Indication;
  readonly subIndication: string | null;
  readonly signer: string | null;
  readonly certificateSha256: string | null;
  /** What the signer claims; no proof. */
  readonly claimedAt: Date | null;
  readonly coversWholeFile: boolean | null;
  readonly changesAfter: readonly string[];
  readonly detail: string;
}

export interface VerificationReport {
  readonly format: 'pdf' | 'asic-e';
  readonly indication: Indication;
  readonly subIndication: string | null;
  /** The package digest; of packages only. */
  readonly packageDigest: string | null;
  readonly at: Date;
  readonly signatures: readonly SignatureLine[];
  readonly detail: string;
}

/** How far into a file the header of a PDF may stand (ISO 32000-1, implementation note 13). */
const PDF_HEADER_RANGE_BYTES = 1024;
const ZIP_START = Buffer.from('PK\u0003\u0004', 'latin1');

/**
 * `undefined` when the bytes are neither. A package is looked for first: a short PDF stored in it
 * stands near its start as well.
 */
export function formatOf(bytes: Uint8Array): VerificationReport['format'] | undefined {
  const start = Buffer.from(bytes.subarray(0, PDF_HEADER_RANGE_BYTES + 5));
  if (start.subarray(0, 4).equals(ZIP_START)) return 'asic-e';
  return start.includes('%PDF-') ? 'pdf' : undefined;
}

/** Verifies a PDF or a package, and the signed PDFs inside a package. */
export function verifyFile(
  bytes: Uint8Array,
  format: VerificationReport['format'],
  options: { readonly trust: TrustStore; readonly at: Date; readonly name: string },
): VerificationReport {
  return format === 'pdf' ? verifyOnePdf(bytes, options) : verifyPackage(bytes, options);
}

export async function readTrust(folder: string): Promise<TrustStore> {
  return await loadTrustStore(folder);
}

interface Options {
  readonly trust: TrustStore;
  readonly at: Date;
  readonly name: string;
}

function verifyOnePdf(bytes: Uint8Array, { trust, at, name }: Options): VerificationReport {
  const report = verifyPdf(bytes, { trust, at });
  const { indication, subIndication, detail } = report;
  return {
    format: 'pdf',
    indication,
    subIndication,
    packageDigest: null,
    at,
    signatures: report.signatures.map((signature) => ({
      of: name,
      kind: signature.kind,
      fieldName: signature.fieldName,
      indication: signature.indication,
      subIndication: signature.subIndication,
      signer: signature.signerText,
      certificateSha256: signature.certificateSha256,
      claimedAt: signature.claimedAt,
      coversWholeFile: signature.coversWholeFile,
      changesAfter: signature.changesAfter,
      detail: signature.detail,
    })),
    detail,
  };
}

function verifyPackage(bytes: Uint8Array, { trust, at, name }: Options): VerificationReport {
  const report = verifyAsicE(bytes, { trust, at });
  const own: SignatureLine = {
    of: name,
    kind: 'package',
    fieldName: null,
    indication: report.indication,
    subIndication: report.subIndication,
    signer: report.signerText,
    certificateSha256: report.certificateSha256,
    claimedAt: null,
    coversWholeFile: null,
    changesAfter: [],
    detail: report.detail,
  };
  // A container that cannot be opened has no files to look at.
  const inside = report.manifestSha256 === null ? [] : insidePdfs(bytes, { trust, at });
  const worst = worstOf([report, ...inside.filter((one) => one.subIndication !== 'NO_SIGNATURE')]);
  return {
    format: 'asic-e',
    indication: worst.indication,
    subIndication: worst.subIndication,
    packageDigest: report.manifestSha256,
    at,
    signatures: [own, ...inside.flatMap((one) => one.signatures)],
    detail: worst.detail,
  };
}

/** An attachment without a signature of its own is covered by the package's. */
function insidePdfs(
  container: Uint8Array,
  options: Pick<Options, 'trust' | 'at'>,
): VerificationReport[] {
  return [...openAsicE(container).files].flatMap(([name, bytes]) =>
    formatOf(bytes) === 'pdf' ? [verifyOnePdf(bytes, { ...options, name })] : [],
  );
}

interface Verdict {
  readonly indication: Indication;
  readonly subIndication: string | null;
  readonly detail: string;
}

const SEVERITY: readonly Indication[] = ['TOTAL-PASSED', 'INDETERMINATE', 'TOTAL-FAILED'];

function worstOf(verdicts: readonly [Verdict, ...Verdict[]]): Verdict {
  return verdicts.reduce((worst, one) =>
    SEVERITY.indexOf(one.indication) > SEVERITY.indexOf(worst.indication) ? one : worst,
  );
}
