import type { AgencyCode } from '../agency/code.ts';
import {
  type AuthenticateOptions,
  type VerificationBasis,
  authenticateRecord,
} from '../record/authenticate.ts';
import type { DirectoryEntry } from '../directory/entry.ts';
import { BusError } from '../errors.ts';
import type { Finding } from '../record/finding.ts';
import { decodeMessage, payloadHash } from '../record/frame.ts';
import type { ReportEntry } from '../record/payload.ts';
import { parseReportSubject } from '../subject/subject.ts';
import { type JudgedBody, judgeReportBody } from './evidence/report-body.ts';
import type { Rejection, StoredMessage } from './storage/rejected-store.ts';
import type { VerifiedReport } from './storage/report-store.ts';

export interface AcceptedReport {
  readonly accepted: true;
  /** As `report.agency`. */
  readonly from: AgencyCode;
  readonly report: VerifiedReport;
  readonly entry: ReportEntry;
  /** What the signature was judged with. */
  readonly basis: VerificationBasis | null;
  /** The open part that came with it; `null` when nothing did. */
  readonly body: JudgedBody | null;
}

export interface RejectedReport extends Rejection {
  readonly accepted: false;
}

export type JudgedReport = AcceptedReport | RejectedReport;

export type JudgeOptions = Pick<AuthenticateOptions, 'lookup' | 'earlier' | 'verify'>;

/** Findings that a newer copy of the directory may settle. */
export const DIRECTORY_FINDINGS: readonly Finding[] = [
  'SENDER_UNKNOWN',
  'SENDER_CLOSED',
  'SIGNER_NOT_LISTED',
  'SUBJECT_MISMATCH',
];

/** Findings that new trust anchors or revocation lists may settle. */
export const TRUST_FINDINGS: readonly Finding[] = ['CERTIFICATE_UNTRUSTED', 'REVOCATION_UNKNOWN'];

/**
 * Decides whether a message of a report stream is a report of the agency that its subject names.
 *
 * Stream, subject, directory, payload and certificate must agree (design rule 4); the signature is
 * judged at the time at which the broker stored the message.
 */
export function judgeReport(message: StoredMessage, options: JudgeOptions): JudgedReport {
  const subject = parseReportSubject(message.subject);
  if (subject === undefined) {
    return reject(null, 'SUBJECT_MISMATCH', 'the subject is not one of reports');
  }
  const { from, site, tier } = subject;
  const parts = tryDecodeMessage(message.data);
  if (typeof parts === 'string') return reject(from, 'RECORD_MALFORMED', parts);
  const { record: raw } = parts;
  if (raw.type !== 'report') {
    return reject(from, 'RECORD_MALFORMED', `a report was expected, not a ${raw.type}`);
  }
  const fits = (entry: DirectoryEntry): boolean => entry.site === site && entry.tier === tier;
  const judged = authenticateRecord(raw, { from, at: message.storedAt, fits, ...options });
  if (!judged.authentic) return reject(from, judged.finding, judged.detail);
  const { entry, content, basis } = judged;
  if (site !== message.site || site !== entry.site || tier !== entry.tier) {
    const detail = `the subject says ${tier} at ${site}, the directory ${entry.tier} at ${entry.site}`;
    return reject(from, 'SUBJECT_MISMATCH', detail);
  }
  if (content.type !== 'report') return reject(from, 'RECORD_MALFORMED', 'not a report');
  const { payload } = content;
  const report = {
    agency: payload.from,
    number: payload.number,
    payloadHash: payloadHash(raw.payload),
    previousHash: payload.previous,
    atMs: Date.parse(payload.at),
    storedMs: message.storedAt.getTime(),
    record: raw.bytes,
  };
  const at = message.storedAt;
  const { verify } = options;
  const body = judgeReportBody(
    parts.body,
    { entry: payload.entry, sender: entry, basis },
    { verify, at },
  );
  return { accepted: true, from, report, entry: payload.entry, basis, body };
}

function tryDecodeMessage(bytes: Uint8Array): ReturnType<typeof decodeMessage> | string {
  try {
    return decodeMessage(bytes);
  } catch (error) {
    if (error instanceof BusError) return error.message;
    throw error;
  }
}

/** Something that nobody foresaw: kept apart with its error, so that the other reports go on. */
export function failedCheck(message: StoredMessage, error: unknown): RejectedReport {
  const from = parseReportSubject(message.subject)?.from ?? null;
  return reject(from, 'CHECK_FAILED', `the check itself failed: ${String(error)}`);
}

function reject(claimedFrom: string | null, finding: Finding, detail: string): RejectedReport {
  return { accepted: false, claimedFrom, finding, detail };
}
