import {
  type AsicAssertionReport,
  type Certificate,
  type TrustStore,
  type ValidationData,
  SignerError,
  certificatesOf,
  certificatesOfCms,
  openAsic,
  openAsicE,
  verifyAsic,
  verifyAttached,
  verifyDetached,
  verifyPdf,
} from '@congvan/signer';

import { formatOf } from './format.ts';
import {
  NOT_IN_A_PDF,
  type SignatureLine,
  type VerificationReport,
  cmsLineOf,
  timeStampLineOf,
  timeStampLineOfPdf,
  worstOf,
} from './report.ts';
import { readToken, verifyToken } from './verify-token.ts';

/** How a file is verified. */
export interface VerifyFileOptions {
  /** The file's name, as the report names what is signed. */
  readonly name: string;
  readonly trust: TrustStore;
  readonly at: Date;
  /** What a detached signature covers. */
  readonly content?: Uint8Array;
  /** Fetches what the trust store lacks; left out: only the files at hand count. */
  readonly gather?: (certificates: readonly Certificate[]) => Promise<ValidationData>;
}

/** Verifies a PDF, a package with the signed PDFs inside, a CMS signature or a time-stamp token. */
export async function verifyFile(
  bytes: Uint8Array,
  format: 'pdf' | 'asic' | 'cms',
  options: VerifyFileOptions,
): Promise<VerificationReport> {
  switch (format) {
    case 'pdf':
      return await verifyOnePdf(bytes, options);
    case 'asic':
      return await verifyPackage(bytes, options);
    case 'cms':
      return await verifySignature(bytes, options);
  }
}

/** A file that cannot be read has no certificates; its verdict says what is wrong with it. */
async function gatherFor(
  options: VerifyFileOptions,
  list: () => readonly Certificate[],
): Promise<{ readonly data?: ValidationData }> {
  if (options.gather === undefined) return {};
  let certificates: readonly Certificate[];
  try {
    certificates = list();
  } catch (error) {
    if (!(error instanceof SignerError)) throw error;
    return {};
  }
  return { data: await options.gather(certificates) };
}

async function verifyOnePdf(
  bytes: Uint8Array,
  options: VerifyFileOptions,
): Promise<VerificationReport> {
  const { trust, at, name } = options;
  const data = await gatherFor(options, () => certificatesOf(bytes));
  const { indication, subIndication, detail, signatures } = verifyPdf(bytes, {
    trust,
    at,
    ...data,
  });
  return {
    format: 'pdf',
    indication,
    subIndication,
    packageDigest: null,
    at,
    signatures: signatures.map((one) => ({
      of: name,
      kind: one.kind,
      fieldName: one.fieldName,
      indication: one.indication,
      subIndication: one.subIndication,
      level: one.level,
      signer: one.signerText,
      certificateSha256: one.certificateSha256,
      claimedAt: one.claimedAt,
      provenAt: one.provenAt,
      timeStamps: one.timeStamps.map(timeStampLineOfPdf),
      certificates: one.certificates,
      evidence: one.evidence,
      coversWholeFile: one.coversWholeFile,
      revision: one.revision,
      revisionBytes: one.revisionBytes,
      changesAfter: one.changesAfter,
      widget: one.widget,
      docMdp: one.docMdp,
      warnings: one.warnings,
      detail: one.detail,
    })),
    detail,
  };
}

async function verifySignature(
  cms: Uint8Array,
  options: VerifyFileOptions,
): Promise<VerificationReport> {
  const { trust, at, name, content } = options;
  const data = await gatherFor(options, () => certificatesOfCms(cms));
  const token = readToken(cms);
  if (token !== undefined) return verifyToken(token, { ...options, ...data });
  const common = { cms, trust, at, isProven: false, ...data };
  const verdict =
    content === undefined ? verifyAttached(common) : verifyDetached({ ...common, content });
  const { indication, subIndication, detail } = verdict;
  return {
    format: 'cms',
    indication,
    subIndication,
    packageDigest: null,
    at,
    signatures: [cmsLineOf(verdict, name, 'detached')],
    detail,
  };
}

async function verifyPackage(
  bytes: Uint8Array,
  options: VerifyFileOptions,
): Promise<VerificationReport> {
  const { trust, at, name } = options;
  const data = await gatherFor(options, () =>
    openAsic(bytes).assertions.flatMap((assertion) => certificatesOfCms(assertion.bytes)),
  );
  const report = verifyAsic(bytes, { trust, at, ...data });
  // A container that cannot be opened has no files to look at.
  const inside = report.form === null ? [] : await insidePdfs(bytes, options);
  const worst = worstOf([report, ...inside.filter((one) => one.subIndication !== 'NO_SIGNATURE')]);
  const own = report.assertions.map((assertion) => packageLine(assertion, name));
  return {
    format: report.form === 'ASiC-S' ? 'asic-s' : 'asic-e',
    indication: worst.indication,
    subIndication: worst.subIndication,
    packageDigest: packageDigestOf(bytes),
    at,
    signatures: [...own, ...inside.flatMap((one) => one.signatures)],
    detail: worst.detail,
  };
}

function packageLine(assertion: AsicAssertionReport, name: string): SignatureLine {
  const { kind, indication, subIndication, detail, claimedAt, provenAt, timeStamps } = assertion;
  return {
    ...NOT_IN_A_PDF,
    of: name,
    kind: kind === 'signature' ? 'package' : 'timestamp',
    indication,
    subIndication,
    level: kind === 'timestamp' ? null : provenAt === null ? 'B-B' : 'B-T',
    signer: assertion.signerText,
    certificateSha256: assertion.certificateSha256,
    claimedAt,
    provenAt,
    timeStamps: timeStamps.map((one) => timeStampLineOf(one, 'signature')),
    certificates: assertion.path?.certificates ?? [],
    evidence: assertion.path?.evidence ?? [],
    detail,
  };
}

/** Packages of the bus have one manifest, whose digest names them; others have no such name. */
function packageDigestOf(container: Uint8Array): string | null {
  try {
    return openAsicE(container).manifestSha256;
  } catch (error) {
    if (error instanceof SignerError) return null;
    throw error;
  }
}

/** An attachment without a signature of its own is covered by the package's. */
async function insidePdfs(
  container: Uint8Array,
  options: VerifyFileOptions,
): Promise<VerificationReport[]> {
  const reports: VerificationReport[] = [];
  for (const [name, bytes] of openAsic(container).files) {
    if (formatOf(bytes) === 'pdf') reports.push(await verifyOnePdf(bytes, { ...options, name }));
  }
  return reports;
}
