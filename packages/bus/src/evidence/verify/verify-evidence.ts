import {
  type Indication,
  type TrustStore,
  createSignatureVerifier,
  createTrustStore,
} from '@congvan/signer';

import { isListedFor, verifyDirectory } from './directory.ts';
import { type ContainerVerdict, verifyExporterSignature } from './container.ts';
import { type OpenedEvidence, entriesOf, openEvidence } from './open.ts';
import { lackingIn, verifyPackage } from './package.ts';
import { type CheckedRecord, verifyRecords } from './records.ts';
import {
  type EvidenceCheck,
  type EvidenceDamage,
  type EvidenceReport,
  checkOf,
  failedCheck,
} from './report.ts';
import { type EvidenceFacts, readFacts } from '../facts.ts';
import { STATEMENT_NAME } from '../statement.ts';

/** What evidence is judged by: anchors, and who may say which certificate belongs to whom. */
export interface VerifyEvidenceOptions {
  readonly trust: TrustStore;
  /** DER of the root registrar's certificate, confirmed beforehand; `null`: nobody is trusted with it. */
  readonly rootCertificate: Uint8Array | null;
  /** The time of this check. */
  readonly now: Date;
}

const SEVERITY: Readonly<Record<Indication, number>> = {
  'TOTAL-PASSED': 0,
  INDETERMINATE: 1,
  'TOTAL-FAILED': 2,
};

/**
 * Verifies an evidence file with nothing but trust anchors: the ZIP byte for byte, the exporter's
 * signature, every directory entry, record and digest, each certificate at the time of its record.
 * Never throws for what stands in the file.
 */
export function verifyEvidence(
  container: Uint8Array,
  options: VerifyEvidenceOptions,
): EvidenceReport {
  const opened = openEvidence(container);
  if ('damages' in opened) return damagedReport(opened.damages, options.now);
  const trust = widen(options.trust, opened);
  const { now, rootCertificate } = options;
  const exporter = verifyExporterSignature(opened, { trust, now });
  const at = exporter.provenAt ?? now;
  const exportedAt = new Date(opened.statement.exportedAt);
  if (rootCertificate === null) return unpinnedReport(opened, exporter, now);
  const verify = createSignatureVerifier(trust);
  const listed = entriesOf(opened, ['directory']);
  const directory = verifyDirectory(listed, { rootCertificate, verify, at: exportedAt });
  const { copy } = directory;
  const context = { copy, verify, trust, document: opened.statement.document };
  const { records, checks } = verifyRecords(opened, context);
  const found = [
    ...exporter.checks,
    judgeExporter(opened, exporter, records, copy, at),
    ...directory.checks,
    ...checks,
    ...verifyPackage(opened, records, context),
  ];
  if (records.length === 0) {
    found.push(
      failedCheck(STATEMENT_NAME, 'container', 'FORMAT_FAILURE', 'there is no record in it'),
    );
  }
  return reportOf(opened, { found, exporter, now, facts: factsOf(opened, records) });
}

/** Certificates and lists of the file help to build paths; trusted are the anchors alone. */
function widen(trust: TrustStore, { data }: OpenedEvidence): TrustStore {
  return createTrustStore({
    anchors: trust.anchors,
    intermediates: [
      ...trust.intermediates,
      ...data.certificates.filter(({ basicConstraints }) => basicConstraints?.cA === true),
    ],
    crls: [...trust.crls, ...data.crls],
    ocsps: [...trust.ocsps, ...data.ocsps],
  });
}

/** The exporter is who it says it is, and stands in the place that it says. */
function judgeExporter(
  { statement }: OpenedEvidence,
  { certificate, provenAt, isOwnStamp }: ContainerVerdict,
  records: readonly CheckedRecord[],
  copy: Parameters<typeof isListedFor>[0],
  at: Date,
): EvidenceCheck {
  const { code, role } = statement.exportedBy;
  const timeFrom = provenAt === null ? 'now' : 'time-stamp';
  const known = {
    signedBy: code,
    certificateSha256: certificate?.sha256 ?? null,
    at,
    timeFrom,
  } as const;
  const fail = (subIndication: string, detail: string): EvidenceCheck => ({
    ...failedCheck(STATEMENT_NAME, 'container', subIndication, detail),
    ...known,
    signedBy: null,
  });
  const exportedAt = new Date(statement.exportedAt);
  const delayMs = provenAt === null ? 0 : Number(provenAt) - Number(exportedAt);
  if ((isOwnStamp ? Math.abs(delayMs) : -delayMs) > MAX_STAMP_DELAY_MS && provenAt !== null) {
    const detail = `it says ${statement.exportedAt}, its time-stamp ${provenAt.toISOString()}`;
    return fail('TIMESTAMP_ORDER_FAILURE', detail);
  }
  if (certificate === null || !isListedFor(copy, code, certificate.sha256, exportedAt)) {
    return fail(
      'SIGNER_NOT_LISTED',
      `the directory does not list the signer's certificate for ${code}`,
    );
  }
  if (!hasRole(statement, records, copy.find(code)?.role)) {
    return fail('SIG_CONSTRAINTS_FAILURE', `${code} is not the ${role} of this document`);
  }
  const detail = `exported by ${code}, as ${role}`;
  return checkOf(STATEMENT_NAME, 'container', {
    indication: 'TOTAL-PASSED',
    subIndication: null,
    detail,
    ...known,
  });
}

/**
 * The exporter's time-stamp is fetched when the file is written, an archive time-stamp at any time
 * after; a clock may be off by some minutes.
 */
const MAX_STAMP_DELAY_MS = 60 * 60_000;

function hasRole(
  { exportedBy: { code, role }, document }: OpenedEvidence['statement'],
  records: readonly CheckedRecord[],
  listedRole: string | undefined,
): boolean {
  switch (role) {
    case 'relay':
      return listedRole === 'relay';
    case 'sender':
      return code === document.from;
    case 'recipient':
      return records.some(
        ({ content }) => content.type === 'delivery' && content.payload.to.includes(code),
      );
  }
}

function factsOf(opened: OpenedEvidence, records: readonly CheckedRecord[]): EvidenceFacts {
  const header = entriesOf(opened, ['header'])[0]?.bytes ?? null;
  const proven = records.filter(({ check }) => check.indication === 'TOTAL-PASSED');
  return readFacts(opened.statement.document, proven, header);
}

function reportOf(
  opened: OpenedEvidence,
  result: {
    readonly found: readonly EvidenceCheck[];
    readonly exporter: ContainerVerdict;
    readonly now: Date;
    readonly facts: EvidenceFacts | null;
  },
): EvidenceReport {
  const { statement } = opened;
  const { found, exporter, now, facts } = result;
  const worst = found.reduce<EvidenceCheck | undefined>(
    (one, other) =>
      one === undefined || SEVERITY[other.indication] > SEVERITY[one.indication] ? other : one,
    undefined,
  );
  const isPassed = worst === undefined || worst.indication === 'TOTAL-PASSED';
  return {
    indication: worst?.indication ?? 'TOTAL-FAILED',
    subIndication: worst?.subIndication ?? null,
    detail: isPassed ? 'every part holds' : `${worst.entry}: ${worst.detail}`,
    at: now,
    exporter: statement.exportedBy,
    exportedAt: statement.exportedAt,
    provenAt: exporter.provenAt,
    facts,
    lacking: lackingIn(opened),
    checks: found,
    damages: [],
  };
}

/** Without the registrar's certificate nobody says which certificate belongs to which agency. */
function unpinnedReport(
  opened: OpenedEvidence,
  exporter: ContainerVerdict,
  now: Date,
): EvidenceReport {
  const unpinned = checkOf(STATEMENT_NAME, 'container', {
    indication: 'INDETERMINATE',
    subIndication: 'NO_CERTIFICATE_CHAIN_FOUND',
    detail: 'no registrar is trusted: nothing says which certificate belongs to which agency',
  });
  return reportOf(opened, { found: [unpinned, ...exporter.checks], exporter, now, facts: null });
}

function damagedReport(damages: readonly EvidenceDamage[], now: Date): EvidenceReport {
  const first = damages[0];
  const where = first === undefined ? '' : `${first.entry ?? 'the ZIP directory'}: `;
  const place = first === undefined || first.offset === null ? '' : ` (byte ${first.offset})`;
  return {
    indication: 'TOTAL-FAILED',
    subIndication: 'HASH_FAILURE',
    detail: `${where}${first?.detail ?? 'the file is damaged'}${place}`,
    at: now,
    exporter: null,
    exportedAt: null,
    provenAt: null,
    facts: null,
    lacking: [],
    checks: [],
    damages,
  };
}
