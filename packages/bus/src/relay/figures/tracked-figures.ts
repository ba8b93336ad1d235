import { dateInVietnam } from '../../calendar/vietnam-time.ts';
import { countedDocumentType } from '../../edxml/document-type.ts';
import type { FigureGap, FigureGapStore } from '../storage/figure-gap-store.ts';
import type { OwnKey } from '../storage/figure-store.ts';
import type { RegisterRow } from '../storage/register-store.ts';
import type { DeliveryRow, KnownDocument, TrackingStore } from '../storage/tracking-store.ts';
import { type Delta, addTo, counterIndex } from './cell.ts';
import { addDelivery, addDocument } from './contribution.ts';
import type { FigureRecorder } from './recorder.ts';

/** What of an entry of a register decides its figures. */
export type CountedEntry = Pick<
  RegisterRow,
  'agency' | 'kind' | 'issuedOn' | 'document' | 'documentType'
> & {
  /** Recipients of a paper document. */
  readonly paperCount: number;
  /** When its report says it was made: a void number has no other date. */
  readonly reportedMs: number;
};

interface EnteredNumbers {
  readonly agency: string;
  readonly year: number;
  /** Number → whether it dates gaps. */
  readonly numbers: Map<number, boolean>;
}

interface Stores {
  readonly recorder: FigureRecorder;
  readonly gaps: FigureGapStore;
  readonly tracking: TrackingStore;
}

/**
 * Tells the rollups what the tracking changed: what a thing counted for before is taken back, what it
 * counts for now is added. So the figures follow from the rows alone, in whatever order they came.
 */
export class TrackedFigures {
  readonly #recorder: FigureRecorder;
  readonly #gaps: FigureGapStore;
  readonly #tracking: TrackingStore;
  /** Numbers that were entered since the gaps were last worked out, by register. */
  readonly #entered = new Map<string, EnteredNumbers>();

  constructor({ recorder, gaps, tracking }: Stores) {
    this.#recorder = recorder;
    this.#gaps = gaps;
    this.#tracking = tracking;
  }

  heard(agency: string, atMs: number): void {
    this.#recorder.heard(agency, dateInVietnam(new Date(atMs)));
  }

  /** A document of the agency bears a day. */
  heardOn(agency: string, day: string): void {
    this.#recorder.heard(agency, day);
  }

  /** The entry holds its number from now on. */
  addEntry(entry: CountedEntry): void {
    if (entry.issuedOn !== null) this.#recorder.heard(entry.agency, entry.issuedOn);
    this.#entry(entry, 1);
  }

  /** Another entry holds its number from now on. */
  removeEntry(entry: CountedEntry): void {
    this.#entry(entry, -1);
  }

  /**
   * A number was entered, or entered as something else; `dated` as for `FigureGapStore.refresh`. A
   * dated number dates every gap up to the next one, which may be thousands between void numbers:
   * they are worked out once for all numbers of a transaction, in {@link settleGaps}.
   */
  numberEntered(agency: string, year: number, number: number, dated: boolean): void {
    const key = `${agency} ${year}`;
    let register = this.#entered.get(key);
    if (register === undefined) {
      register = { agency, year, numbers: new Map() };
      this.#entered.set(key, register);
    }
    register.numbers.set(number, dated || register.numbers.get(number) === true);
  }

  /** Belongs before the recorder's flush. */
  settleGaps(): void {
    for (const { agency, year, numbers } of this.#entered.values()) {
      this.refreshGaps(agency, year, numbers);
    }
    this.#entered.clear();
  }

  /** The transaction was rolled back. */
  forgetEntered(): void {
    this.#entered.clear();
  }

  /** Works out the gaps around numbers anew; see `FigureGapStore.refresh`. */
  refreshGaps(agency: string, year: number, numbers: ReadonlyMap<number, boolean>): void {
    for (const { gone, added } of this.#gaps.refresh(agency, year, numbers)) {
      for (const gap of gone) this.#recorder.addGap(datedGap(gap), -1);
      for (const gap of added) this.#recorder.addGap(datedGap(gap), 1);
    }
  }

  /** A receipt or a withdrawal changed a document, or one delivery of it. */
  changed(
    before: KnownDocument,
    after: KnownDocument,
    delivery?: { readonly before: DeliveryRow; readonly after: DeliveryRow },
  ): void {
    if (!before.counted) return;
    const { settled } = this.#recorder;
    const delta: Delta = new Map();
    addDocument(delta, before, settled, -1);
    addDocument(delta, after, settled, 1);
    if (delivery !== undefined) {
      addDelivery(delta, delivery.before, before.dispatchedMs, -1);
      addDelivery(delta, delivery.after, before.dispatchedMs, 1);
    }
    this.#recorder.add(documentCell(before), delta);
  }

  #entry(entry: CountedEntry, sign: 1 | -1): void {
    const delta: Delta = new Map();
    const { agency, kind, issuedOn, reportedMs, documentType } = entry;
    if (kind === 'void' || issuedOn === null) {
      addTo(delta, counterIndex('void_numbers'), sign);
      const day = dateInVietnam(new Date(reportedMs));
      return this.#recorder.add({ agency, day, documentType: '', urgency: 2 }, delta);
    }
    if (kind === 'paper') {
      addTo(delta, counterIndex('P'), sign);
      addTo(delta, counterIndex('paper_recipients'), sign * entry.paperCount);
      const type = countedDocumentType(documentType ?? '');
      return this.#recorder.add({ agency, day: issuedOn, documentType: type, urgency: 0 }, delta);
    }
    const document =
      entry.document === null ? undefined : this.#tracking.documentOf(entry.document);
    if (document === undefined) return undefined;
    this.#tracking.setCounted(document.id, sign === 1);
    addDocument(delta, document, this.#recorder.settled, sign);
    if (document.receiptedCount > 0) {
      for (const delivery of this.#tracking.receiptedDeliveries(document.id)) {
        addDelivery(delta, delivery, document.dispatchedMs, sign);
      }
    }
    return this.#recorder.add(documentCell(document), delta);
  }
}

/** Where a document is counted; edXML priority 0 is normal, 1 to 4 are urgent. */
export function documentCell(
  document: Pick<KnownDocument, 'sender' | 'issuedOn' | 'documentType' | 'priority'>,
): OwnKey {
  const { sender, issuedOn, documentType, priority } = document;
  const type = countedDocumentType(documentType);
  return { agency: sender, day: issuedOn, documentType: type, urgency: priority > 0 ? 1 : 0 };
}

export function datedGap({ agency, fromDay, toDay, first, last }: FigureGap) {
  return { agency, fromDay, toDay, numbers: last - first + 1 };
}
