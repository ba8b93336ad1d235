import { type Indication, parseCertificate, verifyDetached } from '@congvan/signer';

import type { AgencyCode } from '../../agency/code.ts';
import type { DirectoryCopy } from '../../directory/copy.ts';
import { certificatesOf } from '../../directory/entry.ts';
import { BusError } from '../../errors.ts';
import {
  type VerifySignature,
  type VerifyVerdict,
  authenticateRecord,
} from '../../record/authenticate.ts';
import { type RecordPayload, parsePayload } from '../../record/codec.ts';
import { type RawRecord, decodeRecord } from '../../record/frame.ts';
import { type ReadRecord, digestOf, isAbout, kindOf } from '../facts.ts';
import { type EvidenceDocument, RECORD_KINDS } from '../statement.ts';
import { type EvidenceEntry, type OpenedEvidence, entriesOf } from './open.ts';
import { type EvidenceCheck, checkOf, failedCheck } from './report.ts';

/** What verdicts are given by. */
export interface JudgeContext {
  readonly copy: DirectoryCopy;
  readonly verify: VerifySignature;
  readonly document: EvidenceDocument;
}

export interface CheckedRecord extends ReadRecord {
  readonly entry: EvidenceEntry;
  readonly at: Date;
  readonly check: EvidenceCheck;
}

/** Verifies every signed record at the time that the statement gives for it. */
export function verifyRecords(
  opened: OpenedEvidence,
  context: JudgeContext,
): { readonly records: readonly CheckedRecord[]; readonly checks: readonly EvidenceCheck[] } {
  const records: CheckedRecord[] = [];
  const checks: EvidenceCheck[] = [];
  for (const entry of entriesOf(opened, RECORD_KINDS)) {
    const read = readRecord(entry);
    if ('entry' in read) checks.push(read);
    else {
      const at = entry.at === undefined ? undefined : new Date(entry.at);
      const check = judge(entry, read, at, context);
      checks.push(check);
      if (at !== undefined)
        records.push({ kind: read.kind, content: read.content, entry, at, check });
    }
  }
  return { records, checks };
}

interface OneRecord extends ReadRecord {
  readonly raw: RawRecord;
}

function readRecord({ name, kind, bytes }: EvidenceEntry): OneRecord | EvidenceCheck {
  try {
    const raw = decodeRecord(bytes);
    const content = parsePayload(raw);
    const found = kindOf(content);
    if (found !== undefined && found === kind) return { kind: found, content, raw };
    return failedCheck(name, kind, 'FORMAT_FAILURE', `it is no record of the kind ${kind}`);
  } catch (error) {
    if (!(error instanceof BusError)) throw error;
    return failedCheck(name, kind, 'FORMAT_FAILURE', error.message);
  }
}

function judge(
  { name, kind, timeFrom }: EvidenceEntry,
  { content, raw }: OneRecord,
  at: Date | undefined,
  context: JudgeContext,
): EvidenceCheck {
  const { copy, document } = context;
  if (at === undefined || timeFrom === undefined) {
    return failedCheck(
      name,
      kind,
      'FORMAT_FAILURE',
      'no time is stated at which it is to be judged',
    );
  }
  const from = signerOf(content);
  if (from === undefined) return failedCheck(name, kind, 'FORMAT_FAILURE', 'it names no sender');
  if (!isAbout(document, content)) {
    return failedCheck(name, kind, 'SIGNED_DATA_NOT_FOUND', 'it is about another document');
  }
  const wrong = wrongDigest(content, document.packageDigest);
  if (wrong !== undefined) return failedCheck(name, kind, 'HASH_FAILURE', wrong);
  let last: VerifyVerdict | undefined;
  const judged = authenticateRecord(raw, {
    from,
    lookup: copy.find,
    earlier: copy.earlier,
    verify: (input) => (last = context.verify(input)),
    at,
  });
  const known = {
    signedBy: from,
    certificateSha256: last?.certificateSha256 ?? null,
    at,
    timeFrom,
  };
  if (judged.authentic) {
    const passed = { indication: 'TOTAL-PASSED', subIndication: null } as const;
    return checkOf(name, kind, { ...passed, detail: 'signed by the agency it names', ...known });
  }
  const { finding, detail } = judged;
  const indication = indicationOf(finding, last);
  const subIndication = last?.subIndication ?? finding;
  return checkOf(name, kind, { indication, subIndication, detail, ...known });
}

/** Only a signature whose certificate cannot be judged leaves it open; anything else is wrong. */
function indicationOf(finding: string, verdict: VerifyVerdict | undefined): Indication {
  const isOpen = verdict?.indication === 'INDETERMINATE' && finding !== 'SIGNER_NOT_LISTED';
  return isOpen ? 'INDETERMINATE' : 'TOTAL-FAILED';
}

function signerOf(content: RecordPayload): AgencyCode | undefined {
  return content.type === 'directory' ? undefined : content.payload.from;
}

const REFUSED = '02';

function wrongDigest(content: RecordPayload, expected: string): string | undefined {
  const digest = digestOf(content);
  if (digest === undefined || digest === expected) return undefined;
  if (digest === null && isRefusal(content)) return undefined;
  return `it names package ${digest ?? '(none)'}, the evidence is about ${expected}`;
}

/** What was refused may have been too damaged to have a digest. */
function isRefusal(content: RecordPayload): boolean {
  if (content.type === 'receipt') return content.payload.status === REFUSED;
  if (content.type !== 'report') return false;
  const { entry } = content.payload;
  return entry.kind === 'receipt' && entry.status === REFUSED;
}

/** Verifies a detached signature of an agency over bytes of the package. */
export function verifyAgencySignature(
  input: { readonly content: Uint8Array; readonly signature: Uint8Array; readonly at: Date },
  from: AgencyCode,
  context: Pick<JudgeContext, 'copy'> &
    Pick<Parameters<typeof verifyDetached>[0], 'trust' | 'data'>,
): Pick<
  EvidenceCheck,
  'indication' | 'subIndication' | 'detail' | 'signedBy' | 'certificateSha256'
> {
  const { copy, trust, data } = context;
  const entries = [copy.find(from) ?? [], copy.earlier(from, input.at)].flat();
  const listed = entries.flatMap((entry) => certificatesOf(entry, 'node'));
  const verdict = verifyDetached({
    cms: input.signature,
    content: input.content,
    candidates: listed.map(({ der }) => parseCertificate(der)),
    trust,
    at: input.at,
    ...(data && { data }),
  });
  const certificateSha256 = verdict.certificate?.sha256 ?? null;
  const { indication, subIndication, detail } = verdict;
  const isListed = listed.some(({ sha256 }) => sha256 === certificateSha256);
  if (certificateSha256 !== null && !isListed) {
    return {
      indication: 'TOTAL-FAILED',
      subIndication: 'SIGNER_NOT_LISTED',
      detail: `the directory does not list the certificate for ${from}`,
      signedBy: null,
      certificateSha256,
    };
  }
  return { indication, subIndication, detail, signedBy: from, certificateSha256 };
}
