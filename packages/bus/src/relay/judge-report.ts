import { type AuthenticateOptions, authenticateRecord } from '../record/authenticate.ts';
import type { DirectoryEntry } from '../directory/entry.ts';
import type { Finding } from '../record/finding.ts';
import { payloadHash, tryDecodeRecord } from '../record/frame.ts';
import type { ReportEntry } from '../record/payload.ts';
import { parseReportSubject } from '../subject/subject.ts';
import type { Rejection, StoredMessage } from './storage/rejected-store.ts';
import type { VerifiedReport } from './storage/report-store.ts';

export interface AcceptedReport {
  readonly accepted: true;
  readonly report: VerifiedReport;
  readonly entry: ReportEntry;
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
  const raw = tryDecodeRecord(message.data);
  if (typeof raw === 'string') return reject(from, 'RECORD_MALFORMED', raw);
  if (raw.type !== 'report') {
    return reject(from, 'RECORD_MALFORMED', `a report was expected, not a ${raw.type}`);
  }
  const fits = (entry: DirectoryEntry): boolean => entry.site === site && entry.tier === tier;
  const judged = authenticateRecord(raw, { from, at: message.storedAt, fits, ...options });
  if (!judged.authentic) return reject(from, judged.finding, judged.detail);
  const { entry, content } = judged;
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
  return { accepted: true, report, entry: payload.entry };
}

/** Something that nobody foresaw: kept apart with its error, so that the other reports go on. */
export function failedCheck(message: StoredMessage, error: unknown): RejectedReport {
  const from = parseReportSubject(message.subject)?.from ?? null;
  return reject(from, 'CHECK_FAILED', `the check itself failed: ${String(error)}`);
}

function reject(claimedFrom: string | null, finding: Finding, detail: string): RejectedReport {
  return { accepted: false, claimedFrom, finding, detail };
}
