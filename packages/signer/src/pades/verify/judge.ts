import { hash } from 'node:crypto';

import type { CmsMode } from '../../cms/verify.ts';
import { type SignatureVerdict, verifyDetached } from '../../cms/verify-detached.ts';
import type { PdfDocument } from '../../pdf/document.ts';
import { decodeDate, decodeTextString } from '../../pdf/text.ts';
import { nameText } from '../../pdf/values.ts';
import { type TimeStampVerdict, verifyTimeStamp } from '../../tsp/verify.ts';
import { type Judgement, type Objection, failed, indeterminate } from '../../verdict.ts';
import { type LocatedSignature, digestByteRange } from '../byte-range.ts';
import { docMdpLevel, fieldLock } from '../mdp.ts';
import { levelOf } from './level.ts';
import { type Found, type Judged, isTimeStamp } from './located.ts';
import type { Proofs, VerifyContext } from './proofs.ts';
import type { PdfSignatureReport, PdfTimeStampReport } from './report.ts';
import { visibleWidgets } from '../widget.ts';

const CMS_MODES: Readonly<Record<string, CmsMode>> = {
  'ETSI.CAdES.detached': 'cades',
  'adbe.pkcs7.detached': 'pkcs7',
};
const LEGACY_SUB_FILTERS = new Set(['adbe.pkcs7.sha1', 'adbe.x509.rsa_sha1']);

/** What can be said of a signature before it is judged; failed until then. */
export function baseReport(document: PdfDocument, found: Found): PdfSignatureReport {
  const { field, place } = found;
  const dict = document.dict(field.value);
  const text = (key: string): string | null =>
    decodeTextString(document.resolve(dict?.get(key))) ?? null;
  const isPlaced = !('problem' in place);
  const shown = visibleWidgets(document, { fieldNumber: field.number, widgets: field.widgets });
  const level = dict === undefined ? undefined : docMdpLevel(document, dict);
  return {
    fieldName: field.name,
    kind: isTimeStamp(document, found) ? 'timestamp' : 'signature',
    indication: 'TOTAL-FAILED',
    subIndication: 'FORMAT_FAILURE',
    level: null,
    subFilter: nameText(document.resolve(dict?.get('SubFilter'))) ?? '',
    signerText: null,
    certificateSha256: null,
    certificates: [],
    evidence: [],
    claimedAt: decodeDate(document.resolve(dict?.get('M'))) ?? null,
    provenAt: null,
    timeStamps: [],
    reason: text('Reason'),
    location: text('Location'),
    coversWholeFile: isPlaced && place.end === document.source.bytes.length,
    byteRange: isPlaced ? place.byteRange : null,
    revisionBytes: isPlaced ? place.end : null,
    revision: null,
    changesAfter: [],
    changes: [],
    widget: shown[0]?.report ?? null,
    docMdp: level === undefined ? null : level === 1 || level === 3 ? level : 2,
    fieldLock: (dict && fieldLock(document, dict)) ?? null,
    warnings: [],
    detail: isPlaced ? '' : place.problem,
  };
}

/**
 * Judges all signatures and document time-stamps by themselves, newest first, so that each is judged
 * at the earliest time that those after it prove.
 *
 * @param found - oldest first.
 * @returns in the same order.
 */
export function judgeAll(
  document: PdfDocument,
  found: readonly Found[],
  context: VerifyContext,
  proofs: Proofs,
): Judged[] {
  const judged: Judged[] = [];
  const stamps: { end: number; report: PdfTimeStampReport }[] = [];
  for (const one of found.toReversed()) {
    const base = baseReport(document, one);
    const { place } = one;
    if ('problem' in place) {
      judged.push({ ...one, report: base, state: 'broken' });
      continue;
    }
    const target = { document, place, base, context, proofs };
    if (base.kind === 'timestamp') {
      const result = judgeTimeStamp(target);
      judged.push({ ...one, ...result });
      const [stamp] = result.report.timeStamps;
      if (stamp !== undefined) stamps.push({ end: place.end, report: stamp });
    } else {
      const covering = stamps.filter(({ end }) => end > place.end);
      judged.push({ ...one, ...judgeSignature(target, covering) });
    }
  }
  return judged.reverse();
}

interface Target {
  readonly document: PdfDocument;
  readonly place: LocatedSignature;
  readonly base: PdfSignatureReport;
  readonly context: VerifyContext;
  readonly proofs: Proofs;
}

type Result = Pick<Judged, 'report' | 'state'>;

function judgeTimeStamp({ document, place, base, context, proofs }: Target): Result {
  const { trust, at, data } = context;
  const verdict = verifyTimeStamp({
    token: place.cms,
    digest: (name) => digestByteRange(document.source.bytes, place.byteRange, name),
    trust,
    at: proofs.at(place.end) ?? at,
    data,
  });
  const judgement = judgeToken(verdict, place.end, context, proofs);
  const isProof = judgement.indication === 'TOTAL-PASSED';
  if (isProof && verdict.token !== null) proofs.add(place.end, verdict.token);
  const stamp = describeStamp('document', base.fieldName, verdict, judgement);
  const { indication, subIndication, detail } = judgement;
  const isBroken = verdict.path === null && verdict.indication === 'TOTAL-FAILED';
  return {
    state: isBroken ? 'broken' : verdict.path === null ? 'unproven' : 'intact',
    report: {
      ...base,
      indication,
      subIndication,
      detail,
      signerText: stamp.tsaText,
      certificateSha256: stamp.certificateSha256,
      certificates: stamp.certificates,
      evidence: stamp.evidence,
      provenAt: isProof ? verdict.time : null,
      timeStamps: [stamp],
    },
  };
}

/** The verdict on a token, with its order among the others and the proof of its evidence. */
function judgeToken(
  verdict: TimeStampVerdict,
  offset: number,
  context: VerifyContext,
  proofs: Proofs,
): Judgement {
  const { token, path } = verdict;
  if (verdict.indication !== 'TOTAL-PASSED' || token === null || path === null) return verdict;
  return proofs.orderObjection(offset, token) ?? proofs.evidenceObjection(path, context) ?? verdict;
}

function describeStamp(
  kind: PdfTimeStampReport['kind'],
  fieldName: string | null,
  { time, token, certificate, path }: TimeStampVerdict,
  { indication, subIndication, detail }: Judgement,
): PdfTimeStampReport {
  return {
    kind,
    fieldName,
    indication,
    subIndication,
    detail,
    time,
    tsaText: certificate?.subjectText ?? null,
    certificateSha256: certificate?.sha256 ?? null,
    policy: token?.policy ?? null,
    hash: token?.hash ?? null,
    tokenSha256: token === null ? null : hash('sha256', token.der, 'hex'),
    certificates: path?.certificates ?? [],
    evidence: path?.evidence ?? [],
  };
}

function judgeSignature(
  target: Target,
  covering: readonly { end: number; report: PdfTimeStampReport }[],
): Result {
  const { document, place, base, context, proofs } = target;
  const mode = CMS_MODES[place.subFilter];
  if (mode === undefined) return judgeOtherFormat(base);
  const { trust, at, data } = context;
  const proof = proofs.at(place.end);
  const verdict = verifyDetached({
    cms: place.cms,
    digest: (name) => digestByteRange(document.source.bytes, place.byteRange, name),
    mode,
    isOneSignerNeeded: true, // PAdES allows one
    trust,
    at: proof ?? at,
    isProven: proof !== undefined,
    data,
  });
  const { judgement, timeStamps, provenAt } = judgeTimes(verdict, place.end, context, proofs);
  const { indication, subIndication, detail } = judgement;
  const isIntact = verdict.cms.indication === 'TOTAL-PASSED';
  const isBroken = verdict.cms.indication === 'TOTAL-FAILED';
  const archivedUntil = covering.find(({ report }) => report.indication === 'TOTAL-PASSED')?.end;
  const { store } = context;
  const level =
    isIntact && mode === 'cades' && place.subFilter.startsWith('ETSI')
      ? levelOf({ verdict, trust, store, provenAt, archivedUntil })
      : null;
  return {
    state: isIntact ? 'intact' : isBroken ? 'broken' : 'unproven',
    report: {
      ...base,
      indication,
      subIndication,
      detail,
      level,
      signerText: verdict.certificate?.subjectText ?? null,
      certificateSha256: verdict.certificate?.sha256 ?? null,
      certificates: verdict.path?.certificates ?? [],
      evidence: verdict.path?.evidence ?? [],
      provenAt,
      timeStamps: [...timeStamps, ...covering.map(({ report }) => report)],
      warnings: verdict.cms.warnings,
    },
  };
}

function judgeOtherFormat(base: PdfSignatureReport): Result {
  const { subFilter } = base;
  const isLegacy = LEGACY_SUB_FILTERS.has(subFilter);
  const { indication, subIndication, detail } =
    subFilter === ''
      ? failed('FORMAT_FAILURE', '/SubFilter is missing')
      : isLegacy
        ? indeterminate(
            'CRYPTO_CONSTRAINTS_FAILURE',
            `/SubFilter ${subFilter} rests on SHA-1: weak, not valid`,
          )
        : indeterminate('SIG_CONSTRAINTS_FAILURE', `/SubFilter ${subFilter} is not supported`);
  const report = { ...base, indication, subIndication, detail };
  return { state: subFilter === '' ? 'broken' : 'unproven', report };
}

/** Joins the verdict on the signature with the order of all times and the proof of its evidence. */
function judgeTimes(
  verdict: SignatureVerdict,
  end: number,
  context: VerifyContext,
  proofs: Proofs,
): {
  judgement: Judgement;
  timeStamps: readonly PdfTimeStampReport[];
  provenAt: Date | null;
} {
  let order: Objection | undefined;
  let provenAt = proofs.at(end) ?? null;
  let unprovenEvidence: Objection | undefined;
  const timeStamps = verdict.timeStamps.map((stamp) => {
    const judgement = judgeToken(stamp, end, context, proofs);
    if (judgement.subIndication === 'TIMESTAMP_ORDER_FAILURE') {
      order ??= indeterminate('TIMESTAMP_ORDER_FAILURE', judgement.detail);
    } else if (judgement.indication === 'TOTAL-PASSED' && stamp.time !== null) {
      if (provenAt === null || stamp.time < provenAt) provenAt = stamp.time;
    } else if (stamp.indication === 'TOTAL-PASSED') {
      unprovenEvidence ??= indeterminate('OUT_OF_BOUNDS_NO_POE', judgement.detail);
    }
    return describeStamp('signature', null, stamp, judgement);
  });
  const isPassed = verdict.indication === 'TOTAL-PASSED' && verdict.path !== null;
  const objection = isPassed
    ? (order ??
      unprovenEvidence ??
      (verdict.path && proofs.evidenceObjection(verdict.path, context)))
    : undefined;
  const { indication, subIndication, detail: reason } = objection ?? verdict;
  const isWeak = verdict.cms.subIndication === 'CRYPTO_CONSTRAINTS_FAILURE';
  const detail = isWeak ? `${reason}: weak or unknown, not valid` : reason;
  return { judgement: { indication, subIndication, detail }, timeStamps, provenAt };
}
