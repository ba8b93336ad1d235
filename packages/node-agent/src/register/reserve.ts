import { randomUUID } from 'node:crypto';

import { dateInVietnam } from '@congvan/bus';

import { requireKnownNumbers } from '../condition/readiness.ts';
import type { AgentCore } from '../core.ts';
import type { AssignedNumber, RegisterEntry } from '../documents.ts';
import { AgentError } from '../errors.ts';
import { appendReport } from '../report/chain.ts';
import { requireProse } from '../request-text.ts';
import type { RegisterRow } from '../storage/register-store.ts';

export interface Reservation {
  readonly idempotencyKey: string;
  readonly requestSha256: string;
  readonly medium: 'electronic' | 'paper';
  readonly notation: string;
  readonly documentType: string;
  readonly abstract: string;
  readonly actor: string | undefined;
}

/**
 * Takes the year's next number, or finds the one that the same key took before.
 *
 * Call inside a transaction: the write lock keeps a clerk's command and the agent from taking one
 * number both.
 *
 * @throws {@link AgentError} `AGENT_KEY_REUSED`, `AGENT_NUMBER_VOID`, `AGENT_RESTORED`.
 */
export function reserveNumber(core: AgentCore, reservation: Reservation): RegisterRow {
  const { idempotencyKey, requestSha256 } = reservation;
  const known = core.register.findByKey(idempotencyKey);
  if (known !== undefined) return requireSame(known, requestSha256);
  requireKnownNumbers(core);
  const now = core.now();
  const issuedOn = dateInVietnam(now);
  const year = Number(issuedOn.slice(0, 4));
  return core.register.reserve(
    () => ({
      year,
      notation: reservation.notation,
      issued_on: issuedOn,
      medium: reservation.medium,
      // Random: a guessable id would let another agency occupy it in the broker's duplicate table.
      document_id: `${core.config.code},${year},${randomUUID()}`,
      document_type: reservation.documentType,
      abstract: reservation.abstract,
      actor: reservation.actor ?? null,
      idempotency_key: idempotencyKey,
      request_sha256: requestSha256,
    }),
    year,
    now.getTime(),
  );
}

export function numberVoid(row: RegisterRow): AgentError {
  const { number, year, idempotency_key: key } = row;
  return new AgentError(
    'AGENT_NUMBER_VOID',
    `number ${number}/${year} is void: ${row.void_reason ?? ''}`,
    { details: { key, number, year } },
  );
}

/** @throws {@link AgentError} `AGENT_KEY_REUSED`, `AGENT_NUMBER_VOID`. */
export function requireSame(known: RegisterRow, requestSha256: string): RegisterRow {
  const details = { key: known.idempotency_key, number: known.number, year: known.year };
  if (known.request_sha256 !== requestSha256) {
    throw new AgentError(
      'AGENT_KEY_REUSED',
      `the key "${known.idempotency_key}" belongs to another request, number ${known.number}/${known.year}`,
      { details },
    );
  }
  if (known.state === 'void') throw numberVoid(known);
  return known;
}

/**
 * Gives a reserved number up; the number stays in the register, with the reason.
 *
 * @throws {@link AgentError} `AGENT_REQUEST_INVALID` for an empty reason, `AGENT_DOCUMENT_NOT_FOUND`,
 *   `AGENT_NUMBER_SETTLED`.
 */
export async function voidNumber(
  core: AgentCore,
  year: number,
  number: number,
  reason: string,
): Promise<void> {
  requireProse('reason', reason);
  const nowMs = core.now().getTime();
  await core.commit.commit(() => {
    const row = core.register.findByNumber(year, number);
    if (row === undefined) {
      throw new AgentError('AGENT_DOCUMENT_NOT_FOUND', `number ${number}/${year} was never taken`, {
        details: { year, number },
      });
    }
    if (!core.register.settle(row.id, 'void', nowMs, reason)) {
      throw new AgentError(
        'AGENT_NUMBER_SETTLED',
        `number ${number}/${year} is ${row.state} already`,
        {
          details: { year, number, state: row.state },
        },
      );
    }
    appendReport(core.outbox, core.config.code, { kind: 'void', year, number, reason }, nowMs);
  });
  core.changed();
}

/** As it stands on the document: below 10 with a leading zero (Decree 30/2020, Appendix I). */
export function assignedNumber(row: RegisterRow): AssignedNumber {
  return {
    codeNumber: String(row.number).padStart(2, '0'),
    codeNotation: row.notation,
    issuedOn: row.issued_on,
  };
}

export function toRegisterEntry(row: RegisterRow): RegisterEntry {
  return {
    ...assignedNumber(row),
    year: row.year,
    number: row.number,
    documentId: row.document_id,
    medium: row.medium,
    state: row.state,
    documentType: row.document_type,
    abstract: row.abstract,
    actor: row.actor,
    voidReason: row.void_reason,
  };
}
