import type {
  DispatchEntry,
  PaperEntry,
  ReceiptEntry,
  ReportEntry,
  VoidEntry,
  WithdrawnEntry,
} from '../record/payload.ts';
import { addReceipt, deliveryState } from './delivery-state.ts';
import { judgeReceipt } from './receipt-standing.ts';
import { shareClassOf } from './figures/share-class.ts';
import type { RegisterRow, RegisterStore } from './storage/register-store.ts';
import type { ContradictionKind, ReportStore, VerifiedReport } from './storage/report-store.ts';
import type {
  DeliveryRow,
  DocumentKey,
  ReceiptRow,
  TrackingStore,
  WaitingReceipt,
} from './storage/tracking-store.ts';
import { dateInVietnam } from '../calendar/vietnam-time.ts';

export interface TrackingStores {
  readonly reports: ReportStore;
  readonly register: RegisterStore;
  readonly tracking: TrackingStore;
}

/** A report as the tracking sees it: who says it, as which number, when. */
type Report = Pick<VerifiedReport, 'agency' | 'number' | 'payloadHash' | 'atMs'>;

/**
 * Takes what a new report says into the tracking tables; belongs inside the transaction that keeps it.
 *
 * Nothing depends on the order of arrival: a receipt waits for its dispatch, times are the earliest
 * (for a refusal the latest), and what contradicts an earlier statement is kept apart.
 */
export class Tracking {
  readonly #stores: TrackingStores;
  readonly #now: () => Date;

  constructor(stores: TrackingStores, now: () => Date) {
    this.#stores = stores;
    this.#now = now;
  }

  apply(report: Report, entry: ReportEntry): void {
    switch (entry.kind) {
      case 'dispatch':
        return this.#applyDispatch(report, entry);
      case 'receipt':
        return this.#applyReceipt(report, entry);
      case 'paper':
        return this.#enterNumber(report, paperRow(report, entry), null);
      case 'void':
        return this.#enterNumber(report, voidRow(report, entry), null);
      case 'withdrawn':
        return this.#applyWithdrawal(report, entry);
    }
  }

  #applyDispatch(report: Report, entry: DispatchEntry): void {
    const { tracking } = this.#stores;
    const key = keyOf(report.agency, entry);
    const known = tracking.findDocument(key);
    if (known !== undefined) {
      const detail = `document ${entry.documentId} was dispatched by report ${known.reportNumber} already`;
      return this.#contradict('DOCUMENT_REDISPATCHED', report, detail);
    }
    const document = tracking.addDocument(documentRow(report, entry));
    entry.recipients.forEach((recipient, position) => {
      if (recipient.mode === 'P') {
        tracking.addPaperRecipient(document, position, recipient.name, recipient.reason);
      } else {
        tracking.addDelivery(document, recipient.to, recipient.mode);
      }
    });
    this.#enterNumber(report, dispatchRow(report, entry, document), entry.businessType);
    for (const receipt of tracking.waitingReceipts(key)) {
      this.#settleReceipt(receipt, receipt.payloadHash);
    }
  }

  #applyReceipt(report: Report, entry: ReceiptEntry): void {
    const row = receiptRow(report, entry);
    this.#stores.tracking.addReceipt(row, 'waiting');
    this.#settleReceipt(row, report.payloadHash);
  }

  /** Needs no dispatch yet: it is looked up beside the delivery, and a receipt outweighs it. */
  #applyWithdrawal({ agency, number: reportNumber }: Report, entry: WithdrawnEntry): void {
    const { documentId, businessType, documentVersion, to: recipient, cause, reason } = entry;
    this.#stores.tracking.putWithdrawal({
      sender: agency,
      documentId,
      businessType,
      documentVersion,
      recipient,
      reportNumber,
      atMs: Date.parse(entry.at),
      cause,
      reason: reason ?? null,
    });
  }

  #settleReceipt(receipt: ReceiptRow | WaitingReceipt, payloadHash: string): void {
    const { tracking } = this.#stores;
    const document = tracking.findDocument(receipt);
    const delivery = document && tracking.findDelivery(document.id, receipt.agency);
    const judged = judgeReceipt(receipt, { document, isRecipient: delivery !== undefined });
    if (judged.standing === 'waiting') return;
    tracking.setStanding(receipt.agency, receipt.reportNumber, judged.standing);
    if (judged.standing === 'contradictory') {
      const { agency, reportNumber: number, sender, documentId, status } = receipt;
      const detail = `receipt ${status} for document ${documentId} of ${sender}`;
      this.#contradict(judged.kind, { agency, number, payloadHash }, detail);
    } else if (judged.standing === 'counted' && delivery !== undefined) {
      tracking.saveDelivery(withReceipt(delivery, receipt));
    }
  }

  /** The first record of a number counts; a recall or update of a document keeps that document's number. */
  #enterNumber(report: Report, row: RegisterRow, businessType: number | null): void {
    const { register } = this.#stores;
    const known = register.find(row.agency, row.year, row.number);
    if (known === undefined || (isChange(known.businessType) && !isChange(businessType))) {
      register.put(row);
      if (!isChange(businessType)) this.#dateNumber(report, row);
      return;
    }
    if (isChange(businessType)) return;
    const detail = `number ${row.number}/${row.year} is ${describe(row.kind)}, but report ${known.reportNumber} ${describe(known.kind)} it`;
    this.#contradict('REGISTER_NUMBER_REUSED', report, detail);
  }

  /** Counted all the same: which of the two dates is wrong, the records alone cannot tell. */
  #dateNumber({ agency, payloadHash }: Report, row: RegisterRow): void {
    for (const dated of this.#stores.register.dateNumber(row, payloadHash)) {
      const { number, issuedOn, reportNumber } = dated;
      const detail = `number ${number}/${row.year} is dated ${issuedOn}, and a lower number later`;
      const said = { agency, number: reportNumber, payloadHash: dated.payloadHash };
      this.#contradict('NUMBER_BACKDATED', said, detail);
    }
  }

  #contradict(
    kind: ContradictionKind,
    report: Pick<Report, 'agency' | 'number' | 'payloadHash'>,
    detail: string,
  ): void {
    const { agency, number: reportNumber, payloadHash } = report;
    this.#stores.reports.addContradiction(
      { kind, agency, reportNumber, payloadHash, detail, record: null },
      this.#now().getTime(),
    );
  }
}

/** edXML business types 1 (recall) and 2 (update) concern a document that has its number already. */
function isChange(businessType: number | null): boolean {
  return businessType === 1 || businessType === 2;
}

function describe(kind: RegisterRow['kind']): string {
  return { dispatch: 'dispatched', paper: 'sent on paper', void: 'voided' }[kind];
}

function keyOf(sender: string, entry: DispatchEntry): DocumentKey {
  const { documentId, businessType, documentVersion } = entry;
  return { sender, documentId, businessType, documentVersion };
}

function documentRow(report: Report, entry: DispatchEntry) {
  const { register } = entry;
  return {
    ...keyOf(report.agency, entry),
    reportNumber: report.number,
    packageDigest: entry.packageDigest,
    registerYear: register.year,
    registerNumber: register.number,
    notation: register.notation,
    issuedOn: register.issuedOn,
    documentType: entry.documentType,
    abstract: entry.abstract,
    priority: entry.priority,
    signed: entry.signed,
    shareClass: shareClassOf(entry.recipients),
    dispatchedMs: report.atMs,
    answersOrgan: entry.responseFor?.organId ?? null,
    answersDocument: entry.responseFor?.documentId ?? null,
  };
}

function dispatchRow(report: Report, entry: DispatchEntry, document: number): RegisterRow {
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
    documentType: entry.documentType,
    abstract: entry.abstract,
    reason: null,
    paperTo: null,
  };
}

function paperRow(report: Report, entry: PaperEntry): RegisterRow {
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
    documentType: entry.documentType,
    abstract: entry.abstract,
    reason: entry.reason,
    paperTo: entry.recipients,
  };
}

function voidRow(report: Report, entry: VoidEntry): RegisterRow {
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

function receiptRow(report: Report, entry: ReceiptEntry): ReceiptRow {
  const { sender, documentId, businessType, documentVersion, packageDigest, status } = entry;
  return {
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

function withReceipt(delivery: DeliveryRow, receipt: ReceiptRow): DeliveryRow {
  const times = addReceipt(delivery, receipt.status, receipt.atMs);
  const isLatestRefusal = receipt.status === '02' && times.refusedMs === receipt.atMs;
  return {
    ...delivery,
    ...times,
    state: deliveryState(times),
    reasonCode: isLatestRefusal ? receipt.reasonCode : delivery.reasonCode,
    reason: isLatestRefusal ? receipt.reason : delivery.reason,
    incomingYear: receipt.incomingYear ?? delivery.incomingYear,
    incomingNumber: receipt.incomingNumber ?? delivery.incomingNumber,
  };
}
