import {
  type RefusalReason,
  isRefusalReason,
  mayFollow,
  nameOfStatus,
  yearInVietnam,
} from '@congvan/bus';

import type { AgentCore } from '../core.ts';
import type { IncomingState } from '../documents.ts';
import { AgentError } from '../errors.ts';
import { requireId } from '../request-shape.ts';
import { invalid, requireActor, requireProse } from '../request-text.ts';
import type { IncomingListRow, IncomingRow } from '../storage/inbox-store.ts';
import { giveReceipt } from './give-receipt.ts';

const MIN_PREFIX_LENGTH = 6;
/** Also what a receipt can carry. */
const MAX_INCOMING_NUMBER = 1_000_000_000;

export interface AcceptOptions {
  readonly actor?: string;
  /** An incoming number that another register gave; the agent's own sequence otherwise. */
  readonly number?: number;
}
export interface RefuseOptions {
  readonly code: RefusalReason;
  readonly reason: string;
  readonly actor?: string;
}
export interface CompleteOptions {
  readonly note?: string;
  readonly actor?: string;
}

/**
 * Resolves a delivery id or an unambiguous start of one.
 *
 * @throws {@link AgentError} `AGENT_DOCUMENT_NOT_FOUND`, `AGENT_ID_AMBIGUOUS`.
 */
export function findIncoming(core: AgentCore, idOrPrefix: string): IncomingRow {
  const prefix = requireId(idOrPrefix).trim().toLowerCase();
  if (/^[0-9a-f]+$/.test(prefix) && prefix.length >= MIN_PREFIX_LENGTH) {
    const ids = core.inbox.idsWithPrefix(prefix);
    if (ids.length > 1) {
      throw new AgentError('AGENT_ID_AMBIGUOUS', `"${prefix}" starts several document ids`, {
        details: { id: prefix },
      });
    }
    const row = ids[0] === undefined ? undefined : core.inbox.find(ids[0]);
    if (row !== undefined) return row;
  }
  throw new AgentError(
    'AGENT_DOCUMENT_NOT_FOUND',
    `no received document has the id "${idOrPrefix}"`,
    {
      details: { id: idOrPrefix },
    },
  );
}

/** Receipt 03, with the next number of the year's incoming register. */
export async function acceptDocument(
  core: AgentCore,
  id: string,
  options: AcceptOptions,
): Promise<{ year: number; number: number }> {
  const { number: given } = options;
  if (
    given !== undefined &&
    !(Number.isInteger(given) && given > 0 && given < MAX_INCOMING_NUMBER)
  ) {
    throw invalid('number', `incoming number ${given} is not a whole number from 1 on`);
  }
  const incoming = await answer(core, id, '03', 'accepted', (row, nowMs) => {
    const year = yearInVietnam(new Date(nowMs));
    const number = given ?? core.inbox.nextIncomingNumber(year);
    if (core.inbox.hasIncomingNumber(year, number)) {
      throw invalid('number', `incoming number ${number} of ${year} is taken`);
    }
    core.inbox.setIncomingNumber(row.id, year, number);
    giveReceipt(core, row.id, { status: '03', incoming: { year, number }, ...by(options) }, nowMs);
    return { year, number };
  });
  return incoming;
}

/** Receipt 02 with a reason of {@link RefusalReason} and the clerk's words. */
export async function refuseDocument(
  core: AgentCore,
  id: string,
  options: RefuseOptions,
): Promise<void> {
  if (!isRefusalReason(options.code)) {
    throw invalid('code', `"${String(options.code)}" is not a refusal reason`);
  }
  requireProse('reason', options.reason);
  await answer(core, id, '02', 'refused', (row, nowMs) => {
    const { code: reasonCode, reason } = options;
    giveReceipt(core, row.id, { status: '02', reasonCode, reason, ...by(options) }, nowMs);
  });
}

/** Receipt 06. */
export async function completeDocument(
  core: AgentCore,
  id: string,
  options: CompleteOptions,
): Promise<void> {
  const { note } = options;
  if (note !== undefined) requireProse('note', note);
  await answer(core, id, '06', 'completed', (row, nowMs) => {
    const reason = note === undefined ? {} : { reason: note };
    giveReceipt(core, row.id, { status: '06', ...reason, ...by(options) }, nowMs);
  });
}

/** The application has taken the document over and answers it elsewhere. */
export async function markDone(core: AgentCore, id: string): Promise<void> {
  const row = findIncoming(core, id);
  await core.commit.commit(() => core.inbox.setDone(row.id, core.now().getTime()));
  core.step('answer.committed');
  core.changed();
}

async function answer<T>(
  core: AgentCore,
  idOrPrefix: string,
  status: '02' | '03' | '06',
  state: IncomingState,
  act: (row: IncomingListRow, nowMs: number) => T,
): Promise<T> {
  const { id } = findIncoming(core, idOrPrefix);
  const nowMs = core.now().getTime();
  const result = await core.commit.commit(() => {
    const row = core.inbox.describe(id);
    const given = core.inbox.receiptsOf(id).map((receipt) => receipt.status);
    if (row === undefined || !mayFollow(given, status)) {
      const now = given.map((code) => `${code} ${nameOfStatus(code, 'en')}`).join(', ');
      throw new AgentError(
        'AGENT_STATE_CONFLICT',
        `${status} ${nameOfStatus(status, 'en')} cannot follow ${now}`,
        { details: { id, status, given: given.join(',') } },
      );
    }
    const outcome = act(row, nowMs);
    core.inbox.setState(id, state);
    core.inbox.setDone(id, nowMs);
    return outcome;
  });
  core.step('answer.committed');
  core.changed();
  return result;
}

function by(options: { readonly actor?: string }): { actor?: string } {
  requireActor(options.actor);
  return options.actor === undefined ? {} : { actor: options.actor };
}
