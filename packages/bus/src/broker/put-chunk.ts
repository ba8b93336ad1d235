import { type MsgHdrs, type NatsConnection, headers } from '@nats-io/transport-node';

import { BusError } from '../errors.ts';
import type { LossGuard } from './loss-guard.ts';
import { classifyFailure } from './nats-error.ts';

/** `present`: the stream already has a message under this subject, and keeps that one. */
export type PutChunkResult = 'stored' | 'present';

interface Ack {
  readonly seq?: unknown;
  readonly error?: { readonly err_code?: unknown; readonly description?: unknown };
}

export const MESSAGE_ID_HEADER = 'Nats-Msg-Id';
/** The words of nats-server for a subject that is taken; its number, 10077, also means a full stream. */
const TAKEN = /maximum messages per subject exceeded/i;
const FULL = /maximum (?:bytes|messages) exceeded|no space left|insufficient/i;
/** JSInsufficientResources, JSAccountResourcesExceeded, JSStorageResourcesExceeded. */
const FULL_CODES: readonly unknown[] = [10_023, 10_002, 10_047];

/**
 * Stores one message under a subject that takes only one.
 *
 * It is published without headers, which would cost every chunk some bytes on the line and on the
 * disk; the subject itself keeps a repeat from being stored twice.
 *
 * @param messageId - where the subject does not: a repeat within the stream's window is not stored again.
 * @throws {@link BusError} `BUS_STORE_FULL`, `BUS_PUBLISH_REFUSED` or `BUS_PUBLISH_UNACKED`.
 */
export async function putMessage(
  guard: LossGuard,
  nats: NatsConnection,
  subject: string,
  data: Uint8Array,
  timeoutMs: number,
  messageId?: string,
): Promise<PutChunkResult> {
  const ack = await request(guard, nats, subject, data, { timeout: timeoutMs, messageId });
  if (ack.error === undefined) {
    if (typeof ack.seq === 'number' && ack.seq > 0) return 'stored';
    throw new BusError('BUS_PUBLISH_UNACKED', `the answer to "${subject}" makes no sense`, {
      details: { natsSubject: subject },
    });
  }
  const { description } = ack.error;
  const words = typeof description === 'string' ? description.slice(0, 200) : 'without a reason';
  if (TAKEN.test(words)) return 'present';
  const natsErrorCode = Number(ack.error.err_code ?? 0);
  const full = FULL.test(words) || FULL_CODES.includes(natsErrorCode);
  throw new BusError(
    full ? 'BUS_STORE_FULL' : 'BUS_PUBLISH_REFUSED',
    full
      ? `the broker has no room for more files now: ${words}`
      : `the broker refused "${subject}": ${words}`,
    { details: { natsSubject: subject, natsErrorCode } },
  );
}

async function request(
  guard: LossGuard,
  nats: NatsConnection,
  subject: string,
  data: Uint8Array,
  { timeout, messageId }: { readonly timeout: number; readonly messageId: string | undefined },
): Promise<Ack> {
  const named = messageId === undefined ? {} : { headers: naming(messageId) };
  try {
    const answer = await guard(() => nats.request(subject, data, { timeout, ...named }));
    return answer.json<Ack>();
  } catch (cause) {
    const failure = classifyFailure(cause);
    if (failure.kind === 'refused') {
      const { natsErrorCode, message } = failure;
      throw new BusError('BUS_PUBLISH_REFUSED', `the broker refused "${subject}": ${message}`, {
        cause,
        details: { natsSubject: subject, natsErrorCode },
      });
    }
    throw new BusError(
      'BUS_PUBLISH_UNACKED',
      `no acknowledgement for "${subject}": ${failure.kind}`,
      { cause, details: { natsSubject: subject, reason: failure.kind } },
    );
  }
}

function naming(messageId: string): MsgHdrs {
  const named = headers();
  named.set(MESSAGE_ID_HEADER, messageId);
  return named;
}
