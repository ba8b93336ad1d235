import type { Msg, NatsConnection } from '@nats-io/transport-node';

import { MESSAGE_ID_HEADER } from './put-chunk.ts';

/** A message as the stream handed it out. */
export interface BusMessage {
  readonly subject: string;
  readonly data: Uint8Array;
  /** When the broker stored it, by the broker's clock. */
  readonly storedAt: Date;
  readonly streamSeq: number;
  /** The name that its sender gave it. */
  readonly messageId: string | undefined;
  /** 1 the first time. */
  readonly deliveryCount: number;
  /** How many the stream had for this consumer behind it when it was handed out. */
  readonly pendingCount: number;
  /** Call it only after the commit to disk: an acknowledged message never comes again. */
  ack(): void;
  /** Asks for it again, no sooner than after this time. */
  retry(afterMs: number): void;
}

/** For the pull loop: a message that nobody looked at can go back. */
export interface PulledMessage extends BusMessage {
  release(): void;
}

const ACK_PREFIX = '$JS.ACK.';
const ACK_TOKENS = 9;
const NANOS_PER_MS = 1_000_000n;
const NANOS_PER_MILLISECOND = Number(NANOS_PER_MS);

/**
 * Reads where a message stands from its reply subject:
 * `$JS.ACK.<stream>.<consumer>.<deliveries>.<streamSeq>.<consumerSeq>.<storedAtNanos>.<pending>`.
 *
 * @returns `undefined` for anything that is no message of this stream and consumer.
 */
export function readBusMessage(
  nats: NatsConnection,
  message: Msg,
  from: { readonly stream: string; readonly consumer: string },
): PulledMessage | undefined {
  const reply = message.reply;
  if (reply === undefined || !reply.startsWith(ACK_PREFIX)) return undefined;
  const tokens = reply.split('.');
  if (tokens.length !== ACK_TOKENS) return undefined;
  const [, , stream, consumer, deliveries, streamSeq, , nanos, pending] = tokens;
  if (stream !== from.stream || consumer !== from.consumer) return undefined;
  if (nanos === undefined || !/^\d+$/.test(nanos)) return undefined;
  return {
    subject: message.subject,
    data: message.data,
    storedAt: new Date(Number(BigInt(nanos) / NANOS_PER_MS)),
    streamSeq: Number(streamSeq),
    // Read only where somebody looks: headers are parsed then.
    get messageId() {
      return message.headers?.get(MESSAGE_ID_HEADER);
    },
    deliveryCount: Number(deliveries),
    pendingCount: Number(pending),
    ack: () => answer(nats, reply, '+ACK'),
    retry: (afterMs) =>
      answer(nats, reply, `-NAK {"delay":${Math.round(afterMs) * NANOS_PER_MILLISECOND}}`),
    release: () => answer(nats, reply, '-NAK'),
  };
}

/** Without a connection the broker hands the message out again, which the receiver absorbs. */
function answer(nats: NatsConnection, reply: string, verdict: string): void {
  if (!nats.isClosed()) nats.publish(reply, verdict);
}
