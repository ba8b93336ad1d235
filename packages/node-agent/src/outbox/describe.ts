import type { AgentCore } from '../core.ts';
import type { OutboxRow } from '../documents.ts';
import { DEAD_OUTCOMES, type OutboxListRow } from '../storage/outbox-store.ts';
import { placeOf } from './place.ts';

/** A row of the outbox as applications see it. */
export function toOutboxRow(core: AgentCore, row: OutboxListRow): OutboxRow {
  const state = stateOf(row);
  return {
    messageId: row.message_id,
    purpose: row.purpose,
    to: row.recipient,
    createdAt: new Date(row.created_ms),
    attemptCount: row.attempt_count,
    nextTryAt: new Date(row.next_try_ms),
    state,
    outcome: row.outcome,
    lane: row.lane,
    place: state === 'waiting' ? placeOf(core, row.lane, row.next_try_ms) : null,
    lastError: row.last_error,
    note: row.note,
  };
}

function stateOf(row: OutboxListRow): OutboxRow['state'] {
  if (DEAD_OUTCOMES.some((dead) => dead === row.outcome)) return 'undelivered';
  if (row.outcome !== null) return 'settled';
  return row.stream_seq === null ? 'waiting' : 'published';
}
