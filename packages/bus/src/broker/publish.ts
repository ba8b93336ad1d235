import { jetstream } from '@nats-io/jetstream';
import { type MsgHdrs, headers } from '@nats-io/transport-node';

import { BusError } from '../errors.ts';
import type { Connection } from './connection.ts';
import { createLossGuard } from './loss-guard.ts';
import { classifyFailure } from './nats-error.ts';

/** The stream's answer. It says stored by the broker, not yet on its disk: keep what you sent. */
export interface Published {
  readonly streamSeq: number;
  /** True when the stream already had this message id. */
  readonly duplicate: boolean;
}

export interface PublishOptions {
  /** `Nats-Msg-Id`: the same id within the duplicate window is stored once. */
  readonly messageId: string;
  readonly timeoutMs?: number;
  /** Sent along as the header `traceparent` (W3C trace-context). */
  readonly traceparent?: string;
}

const PUBLISH_TIMEOUT_MS = 5_000;

export interface Publisher {
  publish(subject: string, data: Uint8Array, options: PublishOptions): Promise<Published>;
}

/** Any number of publishes may be under way at once; a lost connection ends them all without delay. */
export function createPublisher(connection: Connection): Publisher {
  const client = jetstream(connection.nats);
  const guard = createLossGuard(connection);
  return {
    publish: async (subject, data, options) => {
      try {
        const { seq, duplicate } = await guard(() =>
          client.publish(subject, data, {
            msgID: options.messageId,
            timeout: options.timeoutMs ?? PUBLISH_TIMEOUT_MS,
            ...(options.traceparent === undefined
              ? {}
              : { headers: traceHeaders(options.traceparent) }),
          }),
        );
        return { streamSeq: seq, duplicate };
      } catch (cause) {
        throw publishError(cause, subject, options);
      }
    },
  };
}

function traceHeaders(traceparent: string): MsgHdrs {
  const list = headers();
  list.set('traceparent', traceparent);
  return list;
}

function publishError(cause: unknown, subject: string, options: PublishOptions): BusError {
  const failure = classifyFailure(cause);
  const details = { natsSubject: subject, messageId: options.messageId };
  if (failure.kind === 'refused') {
    const { natsErrorCode, message } = failure;
    return new BusError('BUS_PUBLISH_REFUSED', `the broker refused "${subject}": ${message}`, {
      cause,
      details: { ...details, natsErrorCode },
    });
  }
  const why = {
    'no-responders': 'no stream takes it now',
    timeout: `no answer within ${options.timeoutMs ?? PUBLISH_TIMEOUT_MS} ms`,
    disconnected: 'the broker is not connected',
  }[failure.kind];
  return new BusError('BUS_PUBLISH_UNACKED', `no acknowledgement for "${subject}": ${why}`, {
    cause,
    details: { ...details, reason: failure.kind },
  });
}
