import { spellDocumentType } from '../edxml/document-type.ts';
import { dateInVietnam } from '../calendar/vietnam-time.ts';
import type {
  DispatchEntry,
  PaperEntry,
  ReceiptEntry,
  VoidEntry,
  WithdrawnEntry,
} from '../record/payload.ts';
import { addReceipt, deliveryState } from './delivery-state.ts';
import { shareClassOf } from './figures/share-class.ts';
import type { RegisterRow } from './storage/register-store.ts';
import type { VerifiedReport } from './storage/report-store.ts';
import type {
  DeliveryRow,
  DocumentKey,
  DocumentRow,
  ReceiptRow,
  WithdrawalRow,
} from './storage/tracking-store.ts';

/** A report as the tracking sees it: who says it, as which number, when. */
export type TrackedReport = Pick<VerifiedReport, 'agency' | 'number' | 'payloadHash' | 'atMs'>;

export function keyOf(sender: string, entry: DispatchEntry): DocumentKey {
  const { documentId, businessType, documentVersion } = entry;
  return { sender, documentId, businessType, documentVersion };
}

/** @param isWithdrawn - whether the sender gave up the delivery to a recipient before this came. */
export function documentRow(
  report: TrackedReport,
  entry: DispatchEntry,
  isWithdrawn: (recipient: string) => boolean,
): DocumentRow {
  const { register, recipients } = entry;
  const electronic = new Set(recipients.flatMap((one) => (one.mode === 'P' ? [] : [one.to])));
  return {
    ...keyOf(report.agency, entry),
    deliveryCount: electronic.size,
    withdrawnCount: [...electronic].filter(isWithdrawn).length,
    paperCount: recipients.filter(({ mode }) => mode === 'P').length,
    reportNumber: report.number,
    packageDigest: entry.packageDigest,
    registerYear: register.year,
    registerNumber: register.number,
    notation: register.notation,
    issuedOn: register.issuedOn,
    documentType: spellDocumentType(entry.documentType),
    abstract: entry.abstract,
    priority: entry.priority,
    signed: entry.signed,
    shareClass: shareClassOf(entry.recipients),
    dispatchedMs: report.atMs,
    answersOrgan: entry.responseFor?.organId ?? null,
    answersDocument: entry.responseFor?.documentId ?? null,
  };
}

export function dispatchRow(
  report: TrackedReport,
  entry: DispatchEntry,
  document: number,
): RegisterRow {
  const { register } = entry;
  return {
    agency: report.agency,
    year: register.year,
    number: register.number,
    kind: 'dispatch',
    reportNumber: report.number,
    month: register.issuedOn.slice(0, 7),
    issuedOn: register.issuedOn,
    shareClass: shareClassOf(entry.recipients),
    signed: entry.signed,
    document,
    notation: register.notation,
    documentType: spellDocumentType(entry.documentType),
    abstract: entry.abstract,
    reason: null,
    paperTo: null,
  };
}

export function paperRow(report: TrackedReport, entry: PaperEntry): RegisterRow {
  const { register } = entry;
  return {
    agency: report.agency,
    year: register.year,
    number: register.number,
    kind: 'paper',
    reportNumber: report.number,
    month: register.issuedOn.slice(0, 7),
    issuedOn: register.issuedOn,
    shareClass: 'P',
    signed: false,
    document: null,
    notation: register.notation,
    documentType: spellDocumentType(entry.documentType),
    abstract: entry.abstract,
    reason: entry.reason,
    paperTo: entry.recipients,
  };
}

export function voidRow(report: TrackedReport, entry: VoidEntry): RegisterRow {
  return {
    agency: report.agency,
    year: entry.year,
    number: entry.number,
    kind: 'void',
    reportNumber: report.number,
    month: dateInVietnam(new Date(report.atMs)).slice(0, 7),
    issuedOn: null,
    shareClass: null,
    signed: false,
    document: null,
    notation: null,
    documentType: null,
    abstract: null,
    reason: entry.reason,
    paperTo: null,
  };
}

export function receiptRow(
  report: TrackedReport & { readonly id: number },
  entry: ReceiptEntry,
): ReceiptRow {
  const { sender, documentId, businessType, documentVersion, packageDigest, status } = entry;
  return {
    report: report.id,
    agency: report.agency,
    reportNumber: report.number,
    sender,
    documentId,
    businessType,
    documentVersion,
    packageDigest,
    status,
    atMs: Date.parse(entry.at),
    reasonCode: entry.reasonCode ?? null,
    reason: entry.reason ?? null,
    incomingYear: entry.incoming?.year ?? null,
    incomingNumber: entry.incoming?.number ?? null,
  };
}

export function withReceipt(delivery: DeliveryRow, receipt: ReceiptRow): DeliveryRow {
  const times = addReceipt(delivery, receipt.status, receipt.atMs);
  const isLatestRefusal = receipt.status === '02' && times.refusedMs === receipt.atMs;
  return {
    ...delivery,
    ...times,
    receiptCount: delivery.receiptCount + 1,
    firstReceiptMs: Math.min(delivery.firstReceiptMs ?? receipt.atMs, receipt.atMs),
    state: deliveryState(times),
    reasonCode: isLatestRefusal ? receipt.reasonCode : delivery.reasonCode,
    reason: isLatestRefusal ? receipt.reason : delivery.reason,
    incomingYear: receipt.incomingYear ?? delivery.incomingYear,
    incomingNumber: receipt.incomingNumber ?? delivery.incomingNumber,
  };
}

export function withdrawalRow(
  { agency, number: reportNumber }: TrackedReport,
  entry: WithdrawnEntry,
): WithdrawalRow {
  const { documentId, businessType, documentVersion, to: recipient, cause, reason } = entry;
  return {
    sender: agency,
    documentId,
    businessType,
    documentVersion,
    recipient,
    reportNumber,
    atMs: Date.parse(entry.at),
    cause,
    reason: reason ?? null,
  };
}
