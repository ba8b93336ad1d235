/** The furthest status of the recipient, or `sent` while nothing came back. */
export type DeliveryState = 'sent' | '01' | '02' | '03' | '04' | '05' | '06';

/** When each receipt of a delivery was given, in UTC milliseconds; `null`: not heard of. */
export interface ReceiptTimes {
  readonly arrivedMs: number | null;
  readonly refusedMs: number | null;
  readonly acceptedMs: number | null;
  readonly assignedMs: number | null;
  readonly processedMs: number | null;
  readonly completedMs: number | null;
  readonly changeAgreedMs: number | null;
}

/**
 * How far a delivery has come.
 *
 * Receipts travel apart and arrive in any order, so the state follows from all of them together and
 * never from the last one read. A refusal (02) stands unless the document was accepted (03 to 06), or
 * arrived for the first time after it: the copy that was refused may have been damaged on the way, and
 * a good one came after it. What had arrived before a refusal is not taken up by arriving again.
 */
export function deliveryState(times: ReceiptTimes): DeliveryState {
  if (times.completedMs !== null) return '06';
  if (times.processedMs !== null) return '05';
  if (times.assignedMs !== null) return '04';
  if (times.acceptedMs !== null) return '03';
  if (times.refusedMs !== null) {
    return times.arrivedMs !== null && times.arrivedMs > times.refusedMs ? '01' : '02';
  }
  return times.arrivedMs === null ? 'sent' : '01';
}

/** The earliest time counts, except for 02, where the latest refusal does. */
export function addReceipt(times: ReceiptTimes, status: string, atMs: number): ReceiptTimes {
  const earliest = (known: number | null): number => Math.min(known ?? atMs, atMs);
  switch (status) {
    case '01':
      return { ...times, arrivedMs: earliest(times.arrivedMs) };
    case '02':
      return { ...times, refusedMs: Math.max(times.refusedMs ?? atMs, atMs) };
    case '03':
      return { ...times, acceptedMs: earliest(times.acceptedMs) };
    case '04':
      return { ...times, assignedMs: earliest(times.assignedMs) };
    case '05':
      return { ...times, processedMs: earliest(times.processedMs) };
    case '06':
      return { ...times, completedMs: earliest(times.completedMs) };
    case '15':
      return { ...times, changeAgreedMs: earliest(times.changeAgreedMs) };
    default:
      return times; // 13 and 16 move nothing; 07 to 12 and 14 have no known meaning and are only kept
  }
}
