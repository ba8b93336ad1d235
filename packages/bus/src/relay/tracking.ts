import type {
  DispatchEntry,
  ReceiptEntry,
  ReportEntry,
  WithdrawnEntry,
} from '../record/payload.ts';
import type { TrackedFigures } from './figures/tracked-figures.ts';
import { type ReceiptStanding, judgeReceipt } from './receipt-standing.ts';
import type { HolderEntry, RegisterRow, RegisterStore } from './storage/register-store.ts';
import type { ContradictionKind } from './storage/contradiction-store.ts';
import type { ReportStore } from './storage/report-store.ts';
import {
  type DeliveryRow,
  type KnownDocument,
  MAX_EARLY_RECEIPTS,
  type ReceiptRow,
  type TrackingStore,
} from './storage/tracking-store.ts';
import {
  type TrackedReport as Report,
  dispatchRow,
  documentRow,
  keyOf,
  paperRow,
  receiptRow,
  voidRow,
  withReceipt,
  withdrawalRow,
} from './tracking-rows.ts';

export interface TrackingStores {
  readonly reports: ReportStore;
  readonly register: RegisterStore;
  readonly tracking: TrackingStore;
  readonly figures: TrackedFigures;
}

interface StoredReport {
  /** Row of the report. */
  readonly id: number;
}

/** What a receipt is worth, with the rows that it moves. */
interface SettledReceipt {
  readonly judged: ReceiptStanding;
  readonly document: KnownDocument | undefined;
  readonly delivery: DeliveryRow | undefined;
}

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

  apply(report: Report & StoredReport, entry: ReportEntry): void {
    this.#stores.figures.heard(report.agency, report.atMs);
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
    const isWithdrawn = (recipient: string): boolean => tracking.isWithdrawn(key, recipient);
    const document = tracking.addDocument(documentRow(report, entry, isWithdrawn));
    entry.recipients.forEach((recipient, position) => {
      if (recipient.mode === 'P') {
        tracking.addPaperRecipient(document, position, recipient.name, recipient.reason);
      } else {
        tracking.addDelivery(document, recipient.to, recipient.mode, entry.register.issuedOn);
      }
    });
    this.#enterNumber(report, dispatchRow(report, entry, document), entry.businessType);
    for (const receipt of tracking.earlyReceipts(key)) {
      const settled = this.#judge(receipt);
      if (settled.document === undefined) continue;
      tracking.settleEarly(receipt, settled.document, settled.judged.standing);
      this.#settleReceipt(receipt, receipt.payloadHash, settled);
    }
  }

  #applyReceipt(report: Report & StoredReport, entry: ReceiptEntry): void {
    const row = receiptRow(report, entry);
    const settled = this.#judge(row);
    if (settled.document === undefined && this.#stores.tracking.isEarlyFull(row)) {
      const detail = `receipt ${row.status} for document ${row.documentId} of ${row.sender}, for which ${MAX_EARLY_RECEIPTS} wait`;
      return this.#contradict('RECEIPT_EARLY_EXCESS', report, detail);
    }
    this.#stores.tracking.addReceipt(row, settled.document, settled.judged.standing);
    this.#settleReceipt(row, report.payloadHash, settled);
  }

  /** Needs no dispatch yet: it is looked up beside the delivery, and a receipt outweighs it. */
  #applyWithdrawal(report: Report, entry: WithdrawnEntry): void {
    const { tracking, figures } = this.#stores;
    const row = withdrawalRow(report, entry);
    const isFirst = tracking.putWithdrawal(row);
    const document = isFirst ? tracking.findDocument(row) : undefined;
    const delivery = document && tracking.findDelivery(document.id, row.recipient);
    if (document === undefined || delivery === undefined || delivery.receiptCount > 0) return;
    const after = { ...document, withdrawnCount: document.withdrawnCount + 1 };
    tracking.setCounts(document.id, after);
    figures.changed(document, after);
  }

  #judge(receipt: ReceiptRow): SettledReceipt {
    const { tracking } = this.#stores;
    const document = tracking.findDocument(receipt);
    const delivery = document && tracking.findDelivery(document.id, receipt.agency);
    const judged = judgeReceipt(receipt, { document, isRecipient: delivery !== undefined });
    return { judged, document, delivery };
  }

  #settleReceipt(
    receipt: ReceiptRow,
    payloadHash: string,
    { judged, document, delivery }: SettledReceipt,
  ): void {
    if (judged.standing === 'contradictory') {
      const { agency, reportNumber: number, sender, documentId, status } = receipt;
      const detail = `receipt ${status} for document ${documentId} of ${sender}`;
      this.#contradict(judged.kind, { agency, number, payloadHash }, detail);
    } else if (judged.standing === 'counted' && delivery !== undefined && document !== undefined) {
      this.#countReceipt(document, delivery, receipt);
    }
  }

  #countReceipt(document: KnownDocument, before: DeliveryRow, receipt: ReceiptRow): void {
    const { tracking, figures } = this.#stores;
    const after = withReceipt(before, receipt);
    tracking.saveDelivery(after);
    if (before.receiptCount > 0) return figures.changed(document, document, { before, after });
    // A receipt outweighs the sender's word that there will be none.
    const isWithdrawn =
      document.withdrawnCount > 0 && tracking.isWithdrawn(receipt, receipt.agency);
    const counts = {
      receiptedCount: document.receiptedCount + 1,
      withdrawnCount: document.withdrawnCount - (isWithdrawn ? 1 : 0),
    };
    tracking.setCounts(document.id, counts);
    return figures.changed(document, { ...document, ...counts }, { before, after });
  }

  /**
   * Of several records of a number the one with the lowest report number holds it, whichever came
   * first; a recall or update of a document keeps that document's number, and holds it only alone.
   */
  #enterNumber(report: Report, row: RegisterRow, businessType: number | null): void {
    const { register, figures } = this.#stores;
    const { agency, year, number } = row;
    // Whether it comes to hold its number depends on what else comes; that it was said does not.
    if (row.issuedOn !== null) figures.heardOn(agency, row.issuedOn);
    const known = register.find(agency, year, number);
    const isChanging = isChange(businessType);
    if (known !== undefined && !outranks(report, isChanging, known)) {
      if (!isChanging) this.#contradictNumber(report, row.kind, known, row);
      return;
    }
    if (known !== undefined) this.#displace(known, report, row);
    register.put(row);
    figures.addEntry({ ...row, reportedMs: report.atMs, paperCount: row.paperTo?.length ?? 0 });
    figures.numberEntered(agency, year, number, known !== undefined || row.kind !== 'void');
    if (!isChanging) this.#dateNumber(report, row);
  }

  #displace(known: HolderEntry, report: Report, row: RegisterRow): void {
    this.#stores.figures.removeEntry({ ...known, agency: row.agency });
    if (isChange(known.businessType)) return;
    const { agency } = row;
    const { reportNumber: number, payloadHash, reportedMs: atMs } = known;
    const holder = { kind: row.kind, reportNumber: report.number };
    this.#contradictNumber({ agency, number, payloadHash, atMs }, known.kind, holder, row);
  }

  #contradictNumber(
    report: Report,
    kind: RegisterRow['kind'],
    holder: Pick<HolderEntry, 'kind' | 'reportNumber'>,
    { year, number }: Pick<RegisterRow, 'year' | 'number'>,
  ): void {
    const detail = `number ${number}/${year} is ${describe(kind)}, but report ${holder.reportNumber} ${describe(holder.kind)} it`;
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

function outranks(report: Report, isChanging: boolean, known: HolderEntry): boolean {
  if (isChanging !== isChange(known.businessType)) return !isChanging;
  return report.number < known.reportNumber;
}

function describe(kind: RegisterRow['kind']): string {
  return { dispatch: 'dispatched', paper: 'sent on paper', void: 'voided' }[kind];
}
