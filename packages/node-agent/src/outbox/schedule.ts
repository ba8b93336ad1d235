import { AGENT_LIMITS } from '../limits.ts';
import type { DeadOutcome, DueRow, Outcome } from '../storage/outbox-store.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** The broker takes a repeat inside its duplicate window (1 h) for the first one and drops it. */
const FIRST_REPEAT_MS = HOUR + 5 * MINUTE;
/** No row waits longer for its next try. */
export const MAX_REPEAT_MS = AGENT_LIMITS.maxRepeatMs;
/** The streams keep a message for 30 days: after that a repeat tells nobody anything new. */
const UNDELIVERED_AFTER_MS = AGENT_LIMITS.undeliveredAfterMs;
/** nats-server flushes to disk at the latest every 2 minutes (a PubAck is not a disk). */
const CONFIRM_RECEIPT_AFTER_MS = 3 * MINUTE;
/**
 * What leaves its site passes more streams, which fill from each other: a PubAck of the first says
 * nothing about them, and a power cut may take it from one whose source has gone on. So the first
 * repeat comes soon, under another id.
 */
const FURTHER_REPEAT_MS = CONFIRM_RECEIPT_AFTER_MS;

export type NextAct =
  | { readonly act: 'wait'; readonly nextTryMs: number }
  | { readonly act: 'settle'; readonly outcome: Outcome };

/**
 * What becomes of a row after the broker's acknowledgement.
 *
 * Documents and reports stay until the other side has answered; a receipt is confirmed by a second
 * publish, which repairs a broker's power cut. Inside a site it has the same id and costs one
 * acknowledgement; to another site it is a second copy, which repairs the streams behind as well.
 *
 * @param further - it may have to pass more streams than the one that has acknowledged it.
 */
export function afterPubAck(row: DueRow, further: boolean, nowMs: number): NextAct {
  if (row.purpose === 'receipt') {
    return row.stream_seq === null
      ? { act: 'wait', nextTryMs: nowMs + CONFIRM_RECEIPT_AFTER_MS }
      : { act: 'settle', outcome: 'confirmed' };
  }
  // Tries that never reached the broker do not make the first repeat later.
  const isFirst = row.stream_seq === null;
  if (further) {
    const delayMs = isFirst ? FURTHER_REPEAT_MS : repeatDelayMs(Math.max(0, row.attempt_count - 1));
    return { act: 'wait', nextTryMs: nowMs + delayMs };
  }
  const delayMs = isFirst ? FIRST_REPEAT_MS : repeatDelayMs(row.attempt_count);
  return { act: 'wait', nextTryMs: nowMs + delayMs };
}

/**
 * Before it is published: what nobody has answered for 30 days, or the broker refuses for good, is
 * given to a person. Reports go on, once a day: their chain must have no gap, and the relay asks.
 */
export function deadOutcome(row: DueRow, nowMs: number): DeadOutcome | undefined {
  if (row.purpose === 'report') return undefined;
  if (row.refusal_count >= AGENT_LIMITS.maxRefusals) return 'refused';
  return nowMs - row.tried_since_ms >= UNDELIVERED_AFTER_MS ? 'undelivered' : undefined;
}

/** Then 1 h 5 min, 2 h 10 min, … up to a day. */
function repeatDelayMs(attemptCount: number): number {
  return Math.min(FIRST_REPEAT_MS * 2 ** Math.min(attemptCount, 10), MAX_REPEAT_MS);
}

/** After a failed publish: 1 s doubling to 5 min, with jitter so that agencies do not come at once. */
export function retryDelayMs(attemptCount: number, random: number): number {
  const ceiling = Math.min(
    AGENT_LIMITS.firstRetryMs * 2 ** Math.min(attemptCount, 20),
    AGENT_LIMITS.maxRetryMs,
  );
  return Math.round(ceiling * (0.5 + random / 2));
}
