import type { Msg, NatsConnection, Payload } from '@nats-io/transport-node';

import { BusError, type BusErrorDetails } from '../errors.ts';
import { messageOf } from './connection.ts';
import { type RequestFailure, classifyFailure } from './nats-error.ts';

/**
 * Asks once.
 *
 * @throws {@link BusError} `BUS_REQUEST_REFUSED` or `BUS_REQUEST_UNANSWERED`.
 */
export async function request(
  nats: NatsConnection,
  subject: string,
  data: Payload,
  timeoutMs: number,
): Promise<Msg> {
  try {
    return await nats.request(subject, data, { timeout: timeoutMs });
  } catch (cause) {
    throw requestError(cause, (failure, why) => ({
      message: `no answer to "${subject}": ${failure.kind === 'refused' ? why : failure.kind}`,
      details: { natsSubject: subject, reason: failure.kind },
    }));
  }
}

/**
 * What the client threw as `BUS_REQUEST_REFUSED` or `BUS_REQUEST_UNANSWERED`.
 *
 * @param describe - is told in whose words it failed: the server's when it refused, else the client's.
 */
export function requestError(
  cause: unknown,
  describe: (
    failure: RequestFailure,
    why: string,
  ) => { readonly message: string; readonly details: BusErrorDetails },
): BusError {
  const failure = classifyFailure(cause);
  const refused = failure.kind === 'refused';
  const { message, details } = describe(failure, refused ? failure.message : messageOf(cause));
  const code = refused ? 'BUS_REQUEST_REFUSED' : 'BUS_REQUEST_UNANSWERED';
  return new BusError(code, message, { cause, details });
}
