import type {
  CertificateReport,
  Indication,
  PdfTimeStampReport,
  RevocationEvidence,
  SignatureVerdict,
  TimeStampVerdict,
  WidgetReport,
} from '@congvan/signer';

/** A time-stamp as it is shown and printed as JSON. */
export interface TimeStampLine {
  readonly kind: 'signature' | 'document' | 'package' | 'content';
  readonly indication: Indication;
  readonly subIndication: string | null;
  readonly time: Date | null;
  readonly tsa: string | null;
  readonly policy: string | null;
  readonly evidence: readonly RevocationEvidence[];
  readonly detail: string;
}

/** One signature of a file, as it is shown and printed as JSON. */
export interface SignatureLine {
  /** What is signed: the file itself, or a file inside the package. */
  readonly of: string;
  readonly kind: 'package' | 'detached' | 'signature' | 'timestamp';
  readonly fieldName: string | null;
  readonly indication: Indication;
  readonly subIndication: string | null;
  readonly level: string | null;
  readonly signer: string | null;
  readonly certificateSha256: string | null;
  /** What the signer claims; no proof. */
  readonly claimedAt: Date | null;
  /** What a valid time-stamp proves. */
  readonly provenAt: Date | null;
  readonly timeStamps: readonly TimeStampLine[];
  readonly certificates: readonly CertificateReport[];
  readonly evidence: readonly RevocationEvidence[];
  readonly coversWholeFile: boolean | null;
  /** Of a PDF: number and length of the saved state that was signed. */
  readonly revision: number | null;
  readonly revisionBytes: number | null;
  readonly changesAfter: readonly string[];
  readonly widget: WidgetReport | null;
  readonly docMdp: 1 | 2 | 3 | null;
  readonly warnings: readonly string[];
  readonly detail: string;
}

/** What verification found, of any kind of file. */
export interface VerificationReport {
  readonly format: 'pdf' | 'asic-e' | 'asic-s' | 'cms' | 'time-stamp';
  readonly indication: Indication;
  readonly subIndication: string | null;
  /** The package digest; of packages only. */
  readonly packageDigest: string | null;
  readonly at: Date;
  readonly signatures: readonly SignatureLine[];
  readonly detail: string;
}

/** What a PDF alone has, where there is no PDF. */
export const NOT_IN_A_PDF = {
  fieldName: null,
  claimedAt: null,
  coversWholeFile: null,
  revision: null,
  revisionBytes: null,
  changesAfter: [],
  widget: null,
  docMdp: null,
  warnings: [],
} as const;

export function timeStampLineOfPdf(one: PdfTimeStampReport): TimeStampLine {
  const { kind, indication, subIndication, time, tsaText, policy, evidence, detail } = one;
  return { kind, indication, subIndication, time, tsa: tsaText, policy, evidence, detail };
}

export function timeStampLineOf(
  verdict: TimeStampVerdict,
  kind: TimeStampLine['kind'],
): TimeStampLine {
  const { indication, subIndication, time, certificate, token, path, detail } = verdict;
  return {
    kind,
    indication,
    subIndication,
    time,
    tsa: certificate?.subjectText ?? null,
    policy: token?.policy ?? null,
    evidence: path?.evidence ?? [],
    detail,
  };
}

interface Verdict {
  readonly indication: Indication;
  readonly subIndication: string | null;
  readonly detail: string;
}

const SEVERITY: readonly Indication[] = ['TOTAL-PASSED', 'INDETERMINATE', 'TOTAL-FAILED'];

/** The worst of several verdicts; of equals the first. */
export function worstOf(verdicts: readonly [Verdict, ...Verdict[]]): Verdict {
  return verdicts.reduce((worst, one) =>
    SEVERITY.indexOf(one.indication) > SEVERITY.indexOf(worst.indication) ? one : worst,
  );
}

/** The line of a CMS signature that stands beside what it signs, or holds it. */
export function cmsLineOf(
  verdict: SignatureVerdict,
  of: string,
  kind: 'detached' | 'package',
): SignatureLine {
  const { certificate, path, provenAt } = verdict;
  return {
    ...NOT_IN_A_PDF,
    of,
    kind,
    indication: verdict.indication,
    subIndication: verdict.subIndication,
    level: certificate === null ? null : provenAt === null ? 'B-B' : 'B-T',
    signer: certificate?.subjectText ?? null,
    certificateSha256: certificate?.sha256 ?? null,
    claimedAt: verdict.cms.claimedAt,
    provenAt,
    timeStamps: verdict.timeStamps.map((one) => timeStampLineOf(one, 'signature')),
    certificates: path?.certificates ?? [],
    evidence: path?.evidence ?? [],
    warnings: verdict.cms.warnings,
    detail: verdict.detail,
  };
}
