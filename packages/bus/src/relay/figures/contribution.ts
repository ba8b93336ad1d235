import { dayNumber } from '../../calendar/vietnam-time.ts';
import { type DeliveryState, type ReceiptTimes } from '../delivery-state.ts';
import { type Delta, type TimedStatus, addTo, counterIndex, timeIndex } from './cell.ts';
import { bucketOf } from './histogram.ts';
import type { ShareClass } from './share-class.ts';

/** What of a document decides its figures. */
export interface DocumentFacts {
  readonly shareClass: ShareClass;
  readonly signed: boolean;
  readonly dispatchedMs: number;
  readonly deliveryCount: number;
  /** Deliveries with any receipt. */
  readonly receiptedCount: number;
  /** Deliveries that the sender gave up and nobody answered. */
  readonly withdrawnCount: number;
  readonly paperCount: number;
}

export interface DeliveryFacts extends ReceiptTimes {
  readonly state: DeliveryState;
  readonly firstReceiptMs: number | null;
}

/** What was dispatched before these moments is settled: the same for all until the next sweep. */
export interface Settled {
  readonly overdueBeforeMs: number;
  readonly expiredBeforeMs: number;
}

/**
 * Adds what a document counts for, apart from the times of its deliveries.
 *
 * @param sign - 1 to add, -1 to take it back before something about it changes.
 */
export function addDocument(
  delta: Delta,
  facts: DocumentFacts,
  settled: Settled,
  sign: 1 | -1,
): void {
  const { shareClass, deliveryCount, receiptedCount, withdrawnCount, dispatchedMs } = facts;
  if (shareClass !== 'P' && isUndelivered(facts, settled)) {
    addTo(delta, counterIndex('undelivered'), sign);
  } else {
    addTo(delta, counterIndex(shareClass), sign);
    if (facts.signed && shareClass !== 'P') addTo(delta, counterIndex('signed'), sign);
  }
  const overdue =
    dispatchedMs < settled.overdueBeforeMs ? Math.max(0, deliveryCount - receiptedCount) : 0;
  addTo(delta, counterIndex('deliveries'), sign * deliveryCount);
  addTo(delta, counterIndex('receipted'), sign * receiptedCount);
  addTo(delta, counterIndex('withdrawn'), sign * withdrawnCount);
  addTo(delta, counterIndex('overdue'), sign * overdue);
  addTo(delta, counterIndex('paper_recipients'), sign * facts.paperCount);
}

/** Nobody has ever answered, and the broker keeps it no more or the sender gave all of them up. */
function isUndelivered(facts: DocumentFacts, settled: Settled): boolean {
  if (facts.receiptedCount > 0) return false;
  return (
    facts.dispatchedMs < settled.expiredBeforeMs || facts.withdrawnCount === facts.deliveryCount
  );
}

/** Adds what the receipts of one delivery count for; nothing while there is none. */
export function addDelivery(
  delta: Delta,
  facts: DeliveryFacts,
  dispatchedMs: number,
  sign: 1 | -1,
): void {
  const { arrivedMs, acceptedMs, completedMs, firstReceiptMs } = facts;
  // Decree 30/2020 Art. 21.2c: the notice of arrival is due on the day itself.
  if (firstReceiptMs !== null && dayNumber(firstReceiptMs) > dayNumber(dispatchedMs)) {
    addTo(delta, counterIndex('late'), sign);
  }
  const addTime = (status: TimedStatus, atMs: number | null): void => {
    if (atMs === null) return;
    addTo(delta, counterIndex(`receipted_${status}`), sign);
    addTo(delta, timeIndex(status, bucketOf(atMs - dispatchedMs)), sign);
  };
  addTime('01', arrivedMs);
  addTime('03', acceptedMs);
  addTime('06', completedMs);
  if (facts.state === '02') addTo(delta, counterIndex('refused'), sign);
  if (facts.changeAgreedMs !== null) addTo(delta, counterIndex('recalled'), sign);
}
