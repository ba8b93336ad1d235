import type { DueRow, Outcome } from '../storage/outbox-store.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** The broker takes a repeat inside its duplicate window (1 h) for the first one and drops it. */
const FIRST_REPEAT_MS = HOUR + 5 * MINUTE;
/** No row waits longer for its next try. */
export const MAX_REPEAT_MS = DAY;
/** The streams keep a message for 30 days: after that a repeat tells nobody anything new. */
export const UNDELIVERED_AFTER_MS = 30 * DAY;
/** nats-server flushes to disk at the latest every 2 minutes (a PubAck is not a disk). */
const CONFIRM_RECEIPT_AFTER_MS = 3 * MINUTE;

const FIRST_RETRY_MS = SECOND;
const MAX_RETRY_MS = 5 * MINUTE;

export type NextAct =
  | { readonly act: 'wait'; readonly nextTryMs: number }
  | { readonly act: 'settle'; readonly outcome: Outcome };

/**
 * What becomes of a row after the broker's acknowledgement.
 *
 * Documents and reports stay until the other side has answered; a receipt is confirmed by a second
 * publish with the same id, which costs one acknowledgement and repairs a broker's power cut.
 */
export function afterPubAck(row: DueRow, nowMs: number): NextAct {
  if (row.purpose === 'receipt') {
    return row.stream_seq === null
      ? { act: 'wait', nextTryMs: nowMs + CONFIRM_RECEIPT_AFTER_MS }
      : { act: 'settle', outcome: 'confirmed' };
  }
  // Tries that never reached the broker do not make the first repeat later.
  const delayMs = row.stream_seq === null ? FIRST_REPEAT_MS : repeatDelayMs(row.attempt_count);
  return { act: 'wait', nextTryMs: nowMs + delayMs };
}

/** Before it is published: a document that nobody has answered for 30 days is given to a person. */
export function isGivenUp(row: DueRow, nowMs: number): boolean {
  return row.purpose === 'document' && nowMs - row.created_ms >= UNDELIVERED_AFTER_MS;
}

/** Then 1 h 5 min, 2 h 10 min, … up to a day. */
function repeatDelayMs(attemptCount: number): number {
  return Math.min(FIRST_REPEAT_MS * 2 ** Math.min(attemptCount, 10), MAX_REPEAT_MS);
}

/** After a failed publish: 1 s doubling to 5 min, with jitter so that agencies do not come at once. */
export function retryDelayMs(attemptCount: number, random: number): number {
  const ceiling = Math.min(FIRST_RETRY_MS * 2 ** Math.min(attemptCount, 20), MAX_RETRY_MS);
  return Math.round(ceiling * (0.5 + random / 2));
}
