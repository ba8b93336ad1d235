import type { AgentCore } from '../core.ts';
import { AgentError } from '../errors.ts';
import { requireProse } from '../request-text.ts';
import type { OutboxListRow } from '../storage/outbox-store.ts';
import { reportWithdrawn } from './withdraw.ts';

const MIN_PREFIX_LENGTH = 6;

/**
 * Tries a message again, at once and for another 30 days: one that was given up, or one that waits.
 *
 * @throws {@link AgentError} `AGENT_DOCUMENT_NOT_FOUND`, `AGENT_ID_AMBIGUOUS`, `AGENT_STATE_CONFLICT`
 *   when it has its answer.
 */
export async function retryMessage(core: AgentCore, id: string): Promise<void> {
  const nowMs = core.now().getTime();
  await core.commit.commit(() => {
    const row = requireRow(core, id);
    if (!core.queue.retry(row.message_id, nowMs)) throw settled(row);
  });
  core.changed();
}

/**
 * Ends a message by a person's word, with the reason. A receipt that comes all the same still counts.
 *
 * @throws {@link AgentError} as {@link retryMessage}; `AGENT_REQUEST_INVALID` for an empty reason;
 *   `AGENT_STATE_CONFLICT` for a report too: the chain must have no gap; `AGENT_RESTORED` for a document
 *   while this may be an older copy, since the relay is told.
 */
export async function giveUpMessage(core: AgentCore, id: string, reason: string): Promise<void> {
  requireProse('reason', reason);
  const nowMs = core.now().getTime();
  await core.commit.commit(() => {
    const row = requireRow(core, id);
    if (!core.queue.giveUp(row.message_id, reason, nowMs)) throw settled(row);
    reportWithdrawn(core, row.message_id, 'given-up', nowMs, reason);
  });
  core.log.warn({ messageId: id }, 'a message was given up by a person');
  core.changed();
}

function requireRow(core: AgentCore, id: string): OutboxListRow {
  const prefix = id.toLowerCase();
  const valid = prefix.length >= MIN_PREFIX_LENGTH && /^[0-9a-f.]+$/.test(prefix);
  const [row, other] = valid ? core.queue.withPrefix(prefix) : [];
  if (row !== undefined && (other === undefined || row.message_id === prefix)) return row;
  if (row !== undefined) {
    throw new AgentError('AGENT_ID_AMBIGUOUS', `several messages start with ${id}`, {
      details: { id },
    });
  }
  throw new AgentError('AGENT_DOCUMENT_NOT_FOUND', `the outbox has no message "${id}"`, {
    details: { id },
  });
}

function settled(row: OutboxListRow): AgentError {
  const state = row.purpose === 'report' ? 'a report' : (row.outcome ?? 'open');
  return new AgentError('AGENT_STATE_CONFLICT', `message ${row.message_id} is ${state}`, {
    details: { id: row.message_id, state },
  });
}
